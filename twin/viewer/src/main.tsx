/** Starts the viewer: words and colors first, then what the server has, then the map. */
import './styles/index.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { startCatalog } from './catalog.ts';
import { startLive } from './live.ts';
import { followSelection } from './panels/Inspector.tsx';
import { followRuns } from './panels/Notices.tsx';
import { startPlayback } from './playback.ts';
import { followAddress } from './store.ts';

followAddress();
startCatalog();
startLive();
startPlayback();
followSelection();
followRuns();
render(<App />, document.getElementById('app')!);
