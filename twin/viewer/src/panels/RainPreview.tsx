/** The storm as bars over the run: what will fall, before anything is computed. */
import { duration, fixed, number } from '../format.ts';
import { bars, rainAfter, totalOf } from '../hyetograph.ts';
import { t } from '../i18n/index.ts';
import { language } from '../store.ts';
import type { Rain } from '../types.ts';

const WIDTH = 320;
const HEIGHT = 96;
const LEFT = 34;
const BOTTOM = 18;

export function RainPreview({ rain, run_s }: { rain: Rain; run_s: number }) {
  const all = bars(rain, run_s);
  const peak = Math.max(0, ...all.map((bar) => bar.rate));
  const late = rainAfter(all, run_s) > 0;
  const end = Math.max(run_s, ...all.map((bar) => (bar.rate > 0 ? bar.to : 0)), 1);
  if (!(peak > 0)) return <p class="quiet small">{t('rain_preview_empty')}</p>;
  const x = (s: number) => LEFT + (s / end) * (WIDTH - LEFT - 2);
  const y = (rate: number) => HEIGHT - BOTTOM - (rate / peak) * (HEIGHT - BOTTOM - 8);
  const lang = language.value;
  const words = t('rain_preview', {
    total: number(totalOf(all), lang, 1),
    peak: number(peak, lang, 0),
  });
  return (
    <figure class="rain-preview">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
        <path class="axis" d={`M${LEFT} 6V${HEIGHT - BOTTOM}H${WIDTH}`} />
        {all.filter((bar) => bar.rate > 0).map((bar, i) => (
          <rect
            key={i}
            class="bar"
            x={x(bar.from)}
            y={y(bar.rate)}
            width={Math.max(x(bar.to) - x(bar.from) - 0.4, 0.4)}
            height={HEIGHT - BOTTOM - y(bar.rate)}
          />
        ))}
        <text x={LEFT - 4} y={14} text-anchor="end">
          {number(peak, lang)}
        </text>
        <text x={LEFT - 4} y={HEIGHT - BOTTOM} text-anchor="end">
          0
        </text>
        <text x={LEFT} y={HEIGHT - 4}>
          0
        </text>
        <text x={WIDTH - 2} y={HEIGHT - 4} text-anchor="end">
          {duration(end, lang)}
        </text>
        {late && <path class="end" d={`M${x(run_s)} 6V${HEIGHT - BOTTOM}`} />}
      </svg>
      <figcaption>
        {words}
        {late && <strong> {t('rain_longer', { h: fixed(run_s / 3600, lang, 1) })}</strong>}
      </figcaption>
    </figure>
  );
}
