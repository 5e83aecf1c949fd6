/** The map as a PNG with its caption, so that a picture in a report says what it shows. */
import type { Map as MapLibre } from 'maplibre-gl';
import { city, run } from '../catalog.ts';
import { clock, dateTime } from '../format.ts';
import { say, t } from '../i18n/index.ts';
import { DEPTH_STOPS } from '../ramp.ts';
import * as store from '../store.ts';

function caption(): string[] {
  const { peek } = { peek: <T>(s: { peek: () => T }) => s.peek() };
  const shown = peek(run);
  const lines = [`${say(peek(city.data)?.name ?? '')} · ${dateTime(new Date().toISOString(), store.language.peek())}`];
  if (peek(city.data)?.synthetic) lines[0] += ` · ${t('synthetic')}`;
  if (shown) {
    const when = store.floodMode.peek() === 'max' ? t('max_depth') : clock(store.time.peek());
    lines.push(`${t('simulated')}: ${shown.title} · ${when} · ${t('cell_size', { m: shown.cell_m })}`);
  }
  return lines;
}

export function screenshot(map: MapLibre): Promise<Blob> {
  return new Promise((resolve, reject) => {
    // the drawing buffer lives only inside the frame that filled it
    map.once('render', () => {
      const source = map.getCanvas();
      const scale = source.width / source.clientWidth;
      const lines = caption();
      const foot = (16 + lines.length * 20) * scale;
      const canvas = document.createElement('canvas');
      canvas.width = source.width;
      canvas.height = source.height + foot;
      const ink = canvas.getContext('2d')!;
      ink.drawImage(source, 0, 0);
      ink.fillStyle = '#ffffff';
      ink.fillRect(0, source.height, canvas.width, foot);
      ink.fillStyle = '#16202a';
      ink.font = `${13 * scale}px "Be Vietnam Pro", sans-serif`;
      lines.forEach((line, i) => ink.fillText(line, 12 * scale, source.height + (22 + i * 20) * scale));
      if (run.peek()) legend(ink, canvas.width, source.height, scale);
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('PNG'))), 'image/png');
    });
    map.triggerRepaint();
  });
}

function legend(ink: CanvasRenderingContext2D, right: number, top: number, scale: number): void {
  const width = 44 * scale;
  const left = right - DEPTH_STOPS.length * width - 12 * scale;
  ink.font = `${11 * scale}px "Be Vietnam Pro", sans-serif`;
  DEPTH_STOPS.forEach((stop, i) => {
    ink.fillStyle = stop.color;
    ink.fillRect(left + i * width, top + 10 * scale, width, 10 * scale);
    ink.fillStyle = '#16202a';
    ink.fillText(`${stop.depth} m`, left + i * width, top + 34 * scale);
  });
}
