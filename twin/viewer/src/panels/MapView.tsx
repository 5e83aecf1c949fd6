/** The place of the map: loads it after the shell, and says so when it cannot be there. */
import { useEffect, useRef } from 'preact/hooks';
import { city } from '../catalog.ts';
import { fixed } from '../format.ts';
import { t } from '../i18n/index.ts';
import * as state from '../map-state.ts';
import * as store from '../store.ts';
import { Note } from '../ui/states.tsx';

function hasWebGL2(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null;
}

/** Waits for the city, whose bounds are the first camera; shows the map even without it. */
function cityKnown(): Promise<void> {
  return new Promise((resolve) => {
    const stop = city.loading.subscribe((loading) => {
      if (!loading && (city.data.peek() || city.error.peek())) {
        queueMicrotask(() => stop());
        resolve();
      }
    });
  });
}

function CursorReadout() {
  const cursor = state.cursor.value;
  if (!cursor) return null;
  const { language } = store;
  const [lon, lat] = cursor.at;
  return (
    <div class="cursor-readout" aria-hidden="true">
      {cursor.known && (
        <strong>
          {cursor.depth === null
            ? t('outside_model')
            : cursor.depth < 0.005
              ? t('dry')
              : t('depth_here', { m: fixed(cursor.depth, language.value, 2) })}
        </strong>
      )}
      <span>
        {fixed(lat, language.value, 5)}, {fixed(lon, language.value, 5)}
      </span>
    </div>
  );
}

export function MapView() {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!hasWebGL2()) {
      state.mapStatus.value = 'no-webgl2';
      return;
    }
    let remove: (() => void) | undefined;
    let gone = false;
    Promise.all([import('../map/create.ts'), cityKnown()]).then(
      ([{ createMap }]) => {
        if (!gone && container.current) remove = createMap(container.current);
      },
      (error: Error) => {
        state.mapStatus.value = 'failed';
        state.mapError.value = { message: error.message, requestId: null };
      },
    );
    return () => {
      gone = true;
      remove?.();
    };
  }, []);
  const status = state.mapStatus.value;
  const error = state.mapError.value;
  return (
    <div class="map-area">
      <div class="map" ref={container} />
      <CursorReadout />
      {status === 'loading' && (
        <div class="map-note" role="status">
          <span class="spinner" aria-hidden="true" />
          {t('map_loading')}
        </div>
      )}
      {status === 'no-webgl2' && (
        <div class="map-note">
          <Note icon="warning" title={t('no_webgl2')}>
            <p>{t('no_webgl2_help')}</p>
          </Note>
        </div>
      )}
      {status === 'failed' && (
        <div class="map-note" role="alert">
          <Note icon="warning" title={t('map_failed')}>
            <p>{error?.message || t('offline_help')}</p>
            {error?.requestId && (
              <p class="request-id">
                {t('request_id')} <code>{error.requestId}</code>
              </p>
            )}
            <button
              type="button"
              class="button small"
              onClick={() => (state.map.value ? state.map.value.reload() : location.reload())}
            >
              {t('retry')}
            </button>
          </Note>
        </div>
      )}
    </div>
  );
}
