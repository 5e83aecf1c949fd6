/** The map's tools: zoom, north, 2D or 3D, measure, picture, share. */
import { area, length } from '../format.ts';
import { pathLength, ringArea } from '../geo.ts';
import { t } from '../i18n/index.ts';
import * as state from '../map-state.ts';
import * as store from '../store.ts';
import { notify, shareOpen } from '../ui/dialogs.ts';
import { Icon, type IconName } from '../ui/Icon.tsx';

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function takePicture(): Promise<void> {
  try {
    const blob = await state.map.peek()!.screenshot();
    save(blob, `song-sinh-${new Date().toISOString().slice(0, 16).replace(/\D/g, '')}.png`);
  } catch (error) {
    notify('bad', String((error as Error).message));
  }
}

function Tool(props: { icon: IconName; label: string; run: () => void; pressed?: boolean }) {
  return (
    <button
      type="button"
      class="icon-button"
      title={props.label}
      aria-label={props.label}
      disabled={state.mapStatus.value !== 'ready'}
      {...(props.pressed === undefined ? {} : { 'aria-pressed': props.pressed })}
      onClick={props.run}
    >
      <Icon name={props.icon} />
    </button>
  );
}

function toggle(kind: 'distance' | 'area'): void {
  const on = state.tool.peek() === kind;
  state.stopTool();
  if (!on) state.tool.value = kind;
}

/** What the tool in hand wants, and what it has measured so far. */
export function ToolBar() {
  const kind = state.tool.value;
  const points = state.toolPoints.value;
  const language = store.language.value;
  if (kind === 'none') return null;
  const help = { distance: 'help_distance', area: 'help_area', inflow: 'help_inflow', extent: 'help_extent' } as const;
  return (
    <div class="tool-bar card" role="status">
      <span>{t(help[kind])}</span>
      {kind === 'distance' && points.length > 1 && <strong>{length(pathLength(points), language)}</strong>}
      {kind === 'area' && points.length > 2 && <strong>{area(ringArea(points), language)}</strong>}
      <button type="button" class="button small" onClick={() => state.map.value?.clickCenter()}>
        <Icon name="target" size={16} />
        {t('point_at_center')}
      </button>
      {points.length > 0 && (
        <button
          type="button"
          class="button small"
          onClick={() => (state.toolPoints.value = points.slice(0, -1))}
        >
          {t('undo')}
        </button>
      )}
      <button type="button" class="button small" onClick={state.stopTool}>
        {t('done')}
      </button>
    </div>
  );
}

export function MapTools() {
  const map = state.map.value;
  const flat = !store.view3d.value;
  return (
    <div class="map-tools" role="toolbar" aria-label={t('map_tools')} aria-orientation="vertical">
      <div class="tool-group card">
        <Tool icon="plus" label={t('zoom_in')} run={() => map?.zoomBy(1)} />
        <Tool icon="minus" label={t('zoom_out')} run={() => map?.zoomBy(-1)} />
        <button
          type="button"
          class="icon-button"
          title={t('north_up')}
          aria-label={t('north_up')}
          onClick={() => map?.resetNorth()}
        >
          <span class="needle" style={{ transform: `rotate(${-state.bearing.value}deg)` }}>
            <Icon name="compass" />
          </span>
        </button>
        <button
          type="button"
          class="icon-button words"
          aria-label={t(flat ? 'view_3d' : 'view_2d')}
          title={t(flat ? 'view_3d' : 'view_2d')}
          onClick={() => (store.view3d.value = flat)}
        >
          {flat ? '3D' : '2D'}
        </button>
      </div>
      <div class="tool-group card">
        <Tool icon="measure" label={t('measure_distance')} run={() => toggle('distance')} pressed={state.tool.value === 'distance'} />
        <Tool icon="area" label={t('measure_area')} run={() => toggle('area')} pressed={state.tool.value === 'area'} />
        <Tool icon="camera" label={t('picture')} run={() => void takePicture()} />
        <Tool icon="share" label={t('share')} run={() => (shareOpen.value = true)} />
      </div>
    </div>
  );
}
