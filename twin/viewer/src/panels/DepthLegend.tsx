/** The colors of the water with their depths. */
import { number } from '../format.ts';
import { t } from '../i18n/index.ts';
import { DEPTH_STOPS } from '../ramp.ts';
import { language } from '../store.ts';

export function DepthLegend() {
  return (
    <div class="depth-legend" role="img" aria-label={t('depth_legend')}>
      <span class="depth-title">{t('depth')} (m)</span>
      <ol>
        {DEPTH_STOPS.map((stop, i) => (
          <li key={stop.depth}>
            <span class="depth-color" style={{ background: stop.color }} />
            <span>
              {i === DEPTH_STOPS.length - 1 && '≥ '}
              {number(stop.depth, language.value, 2)}
              {i === DEPTH_STOPS.length - 1 && <span class="depth-unit"> m</span>}
            </span>
          </li>
        ))}
        <li title={t('outside')}>
          <span class="depth-color hatched" />
          <span>{t('outside')}</span>
        </li>
      </ol>
    </div>
  );
}
