import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dismiss, notices, notify } from '../src/ui/dialogs.ts';

const texts = () => notices.value.map((notice) => notice.text);

describe('short messages', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    notices.value = [];
  });
  afterEach(() => vi.useRealTimers());

  it('leave by themselves, failures a little later', () => {
    notify('bad', 'The run failed');
    notify('good', 'The run is done');
    vi.advanceTimersByTime(9000);
    expect(texts()).toEqual(['The run failed']);
    vi.advanceTimersByTime(1500);
    expect(texts()).toEqual([]);
  });

  it('are shown once when said twice, as long as the last time', () => {
    notify('bad', 'No connection');
    vi.advanceTimersByTime(6000);
    notify('bad', 'No connection');
    expect(texts()).toEqual(['No connection']);
    vi.advanceTimersByTime(6000);
    expect(texts()).toEqual(['No connection']);
    vi.advanceTimersByTime(4500);
    expect(texts()).toEqual([]);
  });

  it('can be closed before', () => {
    notify('info', 'Queued');
    dismiss(notices.value[0]!.id);
    expect(texts()).toEqual([]);
  });
});
