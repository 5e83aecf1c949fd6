import { describe, expect, it } from 'vitest';
import { type Draft, fromScenario, invalidFields, NEW_DRAFT, normalField, toScenario } from '../src/storm-form.ts';

const draft: Draft = {
  ...NEW_DRAFT,
  title: '  Mưa tháng 10 ',
  area: [107.05, 16.78, 107.12, 16.84],
  inflows: [{ name: 'Hiếu', at: [107.06, 16.8], discharge: '250' }],
};

describe('the storm form', () => {
  it('becomes the scenario that the server asks for, in seconds', () => {
    expect(toScenario(draft)).toEqual({
      title: 'Mưa tháng 10',
      area: { bbox: [107.05, 16.78, 107.12, 16.84] },
      cell_m: 10,
      duration_s: 7200,
      output_interval_s: 300,
      rain: { kind: 'design', total_mm: 120, duration_s: 3600, pattern: 'chicago', peak: 0.4 },
      inflows: [{ name: 'Hiếu', lon: 107.06, lat: 16.8, discharge_m3_s: 250 }],
      manning: 0.035,
      edges: 'open',
      buildings: 'auto',
      baseflow: true,
    });
    expect(toScenario(NEW_DRAFT).area).toBeNull();
  });

  it('comes back from a scenario for a variant', () => {
    const scenario = toScenario(draft);
    expect(toScenario(fromScenario(scenario))).toEqual(scenario);
  });

  it('names the fields that are wrong', () => {
    expect(invalidFields(draft)).toEqual([]);
    const bad: Draft = { ...draft, title: ' ', cell_m: '', total_mm: '-1', peak: '1', run_h: 'x' };
    expect(invalidFields(bad)).toEqual(['title', 'cell_m', 'rain.total_mm', 'rain.peak', 'duration_s']);
    expect(invalidFields({ ...draft, rainKind: 'series' })).toEqual(['rain.series']);
    const dry = { ...draft, inflows: [{ ...draft.inflows[0]!, discharge: '0' }] };
    expect(invalidFields(dry)).toEqual(['inflows.0.discharge_m3_s']);
  });

  it('finds its own field for the name that the server uses', () => {
    expect(normalField('inflows[0].lon')).toBe('inflows.0');
    expect(normalField('body.rain.total_mm')).toBe('rain.total_mm');
    expect(normalField('inflows.2.discharge_m3_s')).toBe('inflows.2.discharge_m3_s');
  });
});

it('an interval that is too short is sent as it was typed', () => {
  expect(toScenario({ ...NEW_DRAFT, output_min: '0.001' }).output_interval_s).toBe(0.06);
});
