/** The shell: where each panel lies. */
import { useEffect } from 'preact/hooks';
import { city } from './catalog.ts';
import { say, t } from './i18n/index.ts';
import { stopTool, tool } from './map-state.ts';
import { AttributeTable } from './panels/AttributeTable.tsx';
import { Flood } from './panels/Flood.tsx';
import { Header } from './panels/Header.tsx';
import { Inspector } from './panels/Inspector.tsx';
import { Jobs } from './panels/Jobs.tsx';
import { Layers } from './panels/Layers.tsx';
import { Login } from './panels/Login.tsx';
import { MapTools, ToolBar } from './panels/MapTools.tsx';
import { MapView } from './panels/MapView.tsx';
import { Notices } from './panels/Notices.tsx';
import { Share } from './panels/Share.tsx';
import { TimeBar } from './panels/TimeBar.tsx';
import * as store from './store.ts';
import { inspectorFolded } from './ui/dialogs.ts';
import { Icon } from './ui/Icon.tsx';

const TABS = [
  { name: 'layers', icon: 'layers', key: 'tab_layers' },
  { name: 'flood', icon: 'rain', key: 'tab_flood' },
] as const;

/** Opens a tab, or closes the open one; on a phone it takes the inspector's place first. */
function turnTo(name: (typeof TABS)[number]['name']): void {
  const { panel } = store;
  if (store.isPhone.peek() && store.selection.peek() && !inspectorFolded.peek()) {
    inspectorFolded.value = true;
    panel.value = name;
  } else panel.value = panel.peek() === name ? 'none' : name;
}

function LeftPanel() {
  const { panel } = store;
  return (
    <nav class={panel.value === 'none' ? 'left closed' : 'left'} aria-label={t('panels')}>
      <div class="tabs">
        {TABS.map(({ name, icon, key }) => (
          <button
            key={name}
            type="button"
            aria-pressed={panel.value === name}
            onClick={() => turnTo(name)}
          >
            <Icon name={icon} size={18} />
            {t(key)}
          </button>
        ))}
      </div>
      {panel.value !== 'none' && (
        <h2 class="visually-hidden">{t(panel.value === 'layers' ? 'tab_layers' : 'tab_flood')}</h2>
      )}
      {panel.value === 'layers' && <Layers />}
      {panel.value === 'flood' && <Flood />}
    </nav>
  );
}

export function App() {
  const { language, theme } = store;
  const name = city.data.value ? say(city.data.value.name) : '';
  useEffect(() => {
    document.documentElement.lang = language.value;
    document.documentElement.dataset.theme = theme.value;
    document.title = name ? `${name} – Song Sinh` : 'Song Sinh';
  }, [language.value, theme.value, name]);
  useEffect(() => {
    addEventListener('keydown', escape);
    return () => removeEventListener('keydown', escape);
  }, []);
  return (
    <>
      <a class="skip" href="#map-area" onClick={skipToMap}>
        {t('skip_to_map')}
      </a>
      <Header />
      <main class="main">
        <LeftPanel />
        <div class="stage" id="map-area" tabIndex={-1}>
          <MapView />
          <MapTools />
          <ToolBar />
          <Inspector />
          <div class="bottom">
            <TimeBar />
          </div>
          <AttributeTable />
        </div>
      </main>
      <Notices />
      <Jobs />
      <Login />
      <Share />
    </>
  );
}

/** Escape puts the tool down first, then lets go of the selection; dialogs close by themselves. */
function escape(event: KeyboardEvent): void {
  if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
  if (tool.peek() !== 'none') stopTool();
  else if (!(event.target as Element).closest('input, select')) store.selection.value = null;
}

/** The fragment holds the view, so the skip link moves the focus itself. */
function skipToMap(event: Event): void {
  event.preventDefault();
  (document.querySelector<HTMLElement>('.maplibregl-canvas') ?? document.getElementById('map-area'))?.focus();
}
