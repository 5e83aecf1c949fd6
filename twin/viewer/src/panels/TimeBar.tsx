/** The bottom bar of a run: what is shown and how old, play, step, speed, time, maximum. */
import { run } from '../catalog.ts';
import { age, clock, dateTime, duration, percent } from '../format.ts';
import { t } from '../i18n/index.ts';
import { flood, retryFlood } from '../map-state.ts';
import { endTime, step, times, togglePlay } from '../playback.ts';
import * as store from '../store.ts';
import { neighbor } from '../times.ts';
import { timeBarOpen } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';
import { DepthLegend } from './DepthLegend.tsx';

const SPEEDS = [60, 300, 600, 1800];

function Facts() {
  const shown = run.value!;
  const issued = shown.finished_at ?? shown.requested_at;
  const language = store.language.value;
  return (
    <div class="time-facts">
      <span class="chip accent">
        <Icon name="rain" size={14} />
        {t('simulated')}
      </span>
      <strong class="ellipsis">{shown.title}</strong>
      <span class="quiet" title={dateTime(issued, language)}>
        {t('issued', { age: age(issued, language) })}
        <span class="cell-size"> · {t('cell_size', { m: shown.cell_m })}</span>
      </span>
    </div>
  );
}

function Modes() {
  const { floodMode } = store;
  return (
    <div class="segmented small" role="group" aria-label={t('shown_value')}>
      <button type="button" aria-pressed={floodMode.value === 'depth'} onClick={() => (floodMode.value = 'depth')}>
        {t('depth_over_time')}
      </button>
      <button
        type="button"
        aria-pressed={floodMode.value === 'max'}
        onClick={() => {
          store.playing.value = false;
          floodMode.value = 'max';
        }}
      >
        {t('max_depth')}
      </button>
    </div>
  );
}

/** On a phone: what is shown, in a word, and the way to the rest of the bar. */
function More() {
  const open = timeBarOpen.value;
  const max = store.floodMode.value === 'max';
  return (
    <>
      {!open && <span class="chip accent">{t(max ? 'maximum' : 'simulated')}</span>}
      <button
        type="button"
        class="icon-button more"
        aria-label={t(open ? 'time_bar_less' : 'time_bar_more')}
        aria-expanded={open}
        onClick={() => (timeBarOpen.value = !open)}
      >
        <Icon name={open ? 'down' : 'up'} />
      </button>
    </>
  );
}

function Controls() {
  const end = endTime.value;
  const playing = store.playing.value;
  const language = store.language.value;
  const max = store.floodMode.value === 'max';
  return (
    <div class={max ? 'time-controls dimmed' : 'time-controls'}>
      <button type="button" class="icon-button step" aria-label={t('step_back')} title={t('step_back')} onClick={() => step(-1)}>
        <Icon name="previous" />
      </button>
      <button type="button" class="icon-button play" aria-label={t(playing ? 'pause' : 'play')} title={t(playing ? 'pause' : 'play')} onClick={togglePlay}>
        <Icon name={playing ? 'pause' : 'play'} />
      </button>
      <button type="button" class="icon-button step" aria-label={t('step_forward')} title={t('step_forward')} onClick={() => step(1)}>
        <Icon name="next" />
      </button>
      <output class="clock">{clock(store.time.value)}</output>
      <input
        type="range"
        min={0}
        max={end}
        step="any"
        value={store.time.value}
        aria-label={t('time_since_start')}
        aria-valuetext={duration(store.time.value, language)}
        onInput={(event) => {
          store.playing.value = false;
          store.floodMode.value = 'depth';
          store.time.value = Number(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          // "any" steps would move by a hair: arrows go from output to output
          const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key] as 1 | -1 | undefined;
          if (!by) return;
          event.preventDefault();
          store.time.value = neighbor(times.peek(), store.time.peek(), by);
        }}
      />
      <output class="clock quiet end">{clock(end)}</output>
      <select aria-label={t('speed')} value={store.speed.value} onChange={(event) => (store.speed.value = Number(event.currentTarget.value))}>
        {SPEEDS.map((seconds) => (
          <option key={seconds} value={seconds}>
            {t('speed_value', { n: seconds / 60 })}
          </option>
        ))}
      </select>
      {store.isPhone.value && <More />}
    </div>
  );
}

export function TimeBar() {
  if (run.value?.status !== 'done') return null;
  const { status, loaded, message, requestId } = flood.value;
  return (
    <section class={store.isPhone.value && !timeBarOpen.value ? 'time-bar card compact' : 'time-bar card'} aria-label={t('time_bar')}>
      <div class="time-top">
        <Facts />
        <Modes />
      </div>
      {status === 'loading' && (
        <div class="progress-row" role="status">
          <progress max={1} value={loaded} aria-label={t('frames_loading')} />
          <span class="quiet small">
            {t('frames_loading')} {percent(loaded, store.language.value)}
          </span>
        </div>
      )}
      {status === 'failed' && (
        <div class="stale" role="alert">
          <Icon name="warning" size={16} />
          <span>
            {t('frames_failed')} {message} {requestId && <code>{requestId}</code>}
          </span>
          <button type="button" class="link" onClick={() => retryFlood.value++}>
            {t('retry')}
          </button>
        </div>
      )}
      {times.value.length > 0 && <Controls />}
      <DepthLegend />
    </section>
  );
}
