import { expect, test } from 'vitest';
import { axeViolations, openView, overflowPx, visit } from './console.ts';
import { HOUR_MS, storyObservation } from './fixture-observations.ts';
import { browser, describeInChromium, stage } from './stage.ts';

describeInChromium('what a person can do to the monitor', () => {
  const on = stage('test');
  const { open, region } = on;
  const state = async () => (await on.harness.monitor.store.state('demo'))!;

  test('models: lineage and evaluation open with the keyboard, and a model can be kept', async () => {
    await open('/#/models/demo');
    const details = on.page.getByText('Lineage and evaluation').first();
    await details.focus();
    await on.page.keyboard.press('Enter');
    const model = region('Models kept').getByRole('listitem').first();
    expect(await model.innerText()).toMatch(/Recall on injected anomalies\s+0\.871, champion 0\.802/);
    expect(await model.innerText()).toMatch(/Left out\s+310 incident, 1,204 quarantine/);
    await on.page.getByRole('button', { name: 'Keep: demo-c417e8' }).click();
    await on.page.getByText('demo-c417e8 is kept, however old it gets.').waitFor();
    await on.page.getByRole('button', { name: 'Keep no longer: demo-c417e8' }).waitFor();
    const kept = (await on.harness.monitor.registry.list('demo')).filter((m) => m.keep);
    expect(kept.map((m) => m.id)).toEqual(['demo-c417e8']);
  });

  test('switchboard: suspend asks, takes a note and shows the decision, by keyboard alone', async () => {
    const { page } = on;
    await open('/#/models/demo');
    await page.getByRole('button', { name: 'Suspend' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Suspend: demo?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await state()).suspended).toBe(false);
    expect(await page.locator(':focus').innerText()).toBe('Suspend');
    await page.keyboard.press('Enter');
    await page.getByLabel('Note, for those who read it later').focus();
    await page.keyboard.type('A quiet night.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page
      .getByText('Done: Suspend the controller. The controller is suspended: it decides nothing. A quiet night.')
      .waitFor();
    expect((await state()).suspended).toBe(true);
    await page.getByText('◆ The controller is suspended').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Done: Resume. The controller decides again.').waitFor();
    expect(on.view.errors).toEqual([]);
  });

  test('switchboard: a refusal says why, and so does a monitor that is not in charge', async () => {
    const { page } = on;
    await open('/#/models/demo');
    await page.getByRole('button', { name: 'Retrain' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retrain' }).click();
    const said = region('Switchboard').getByRole('status');
    await said.getByText('Refused: Train a new model. A rollout is under way; reject or revert it first.').waitFor();
    on.harness.monitor.inCharge = false;
    await page.getByRole('button', { name: 'Recalibrate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Recalibrate' }).click();
    await said.getByText('No controller is in charge.').waitFor();
  });

  test('switchboard: reject, promote, revert and mode reach the controller', async () => {
    const { page } = on;
    await open('/#/models/demo');
    const say = async (name: string, choose?: [string, string]) => {
      await page.getByRole('button', { name, exact: true }).first().click();
      const dialog = page.getByRole('dialog');
      if (choose) await dialog.getByLabel(choose[0], { exact: true }).selectOption(choose[1]);
      await dialog.getByRole('button', { name, exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    const said = region('Switchboard').getByRole('status');
    await say('Reject');
    await said.getByText('Done: Withdraw the candidate (demo-c417e8). Rejected by hand.').waitFor();
    await say('Promote', ['Model', 'demo-c417e8']);
    await said.getByText('Done: Promote to champion (demo-c417e8). Promoted by hand.').waitFor();
    await say('Revert');
    await said.getByText('Done: Roll back (demo-9f31c2). Rolled back by hand.').waitFor();
    await say('Change mode', ['Mode', 'fallback']);
    await said.getByText('Done: Step down to the fallback (demo-9f31c2). Set by hand.').waitFor();
    const { serving } = await state();
    expect([serving.mode, serving.champion?.modelId, serving.challenger]).toEqual(['fallback', 'demo-9f31c2', null]);
  });

  test('switchboard: a question has no accessibility violation and fits a phone', async () => {
    for (const size of [{}, { width: 390, height: 844 }]) {
      const { page, context } = await openView(browser, size);
      await visit(page, `${on.harness.base}/#/models/demo`);
      await page.getByRole('button', { name: 'Change mode' }).click();
      await page.getByRole('dialog').getByLabel('Mode', { exact: true }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(await overflowPx(page)).toBe(0);
      const box = await page.getByRole('dialog').boundingBox();
      expect(box!.x).toBeGreaterThanOrEqual(0);
      expect(box!.x + box!.width).toBeLessThanOrEqual(size.width ?? 1440);
      await context.close();
    }
  });

  test('models: a hold is told with its reason, and lifted by resume', async () => {
    const before = await state();
    const seen = storyObservation('demo', before.atMs + HOUR_MS, 200, before);
    const changed = { value: 1, limit: 0, status: 'drift' } as const;
    const spans = { ...seen.spans, interval: { ...seen.spans.interval, producer_change: changed } };
    await on.harness.monitor.observe({ ...seen, spans });
    await open('/#/models/demo');
    await on.page.getByText(/◆ On hold by producer_changed: /).waitFor();
    expect(await region('Rollout').innerText()).toContain('Waits for: the hold to end.');
    await on.page.getByRole('button', { name: 'Resume' }).click();
    await on.page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await region('Switchboard')
      .getByText(/^Done: Resume\. The hold is lifted/)
      .waitFor();
  });

  test('labels: an incident is confirmed or dismissed with a note, and the answer is shown', async () => {
    const [incident] = await on.harness.world.incidents({ entity: 'checkout', open: true, limit: 1 });
    await open(`/incidents/${encodeURIComponent(incident!.id)}`);
    const panel = region('Was it right?');
    await panel.getByText('Nobody has said anything of it yet.').waitFor();
    await panel.getByLabel('Note, for those who read it later').fill('The sale.');
    await panel.getByRole('button', { name: 'Dismiss' }).click();
    await panel
      .getByText(
        /^Done: Take a label \(demo-9f31c2\)\. Incident .* was dismissed: its like does not alert again\. The sale\./,
      )
      .waitFor();
    await panel
      .getByRole('listitem')
      .getByText(/: The sale\.$/)
      .waitFor();
    expect(await panel.getByRole('listitem').innerText()).toMatch(/^normal, said local/);
    await panel.getByRole('button', { name: 'Confirm' }).click();
    await panel.getByText('Confirmed; the label is kept.').waitFor();
    const labels = await on.harness.monitor.labels.list({});
    expect(labels.map((l) => [l.label, l.note])).toEqual([
      ['anomalous', ''],
      ['normal', 'The sale.'],
    ]);
    expect((await state()).serving.calibration?.dismissals).toHaveLength(1);
    expect(on.view.errors).toEqual([]);
  });

  test('labels: a quiet window is answered with its weight and leaves the list', async () => {
    await open('/#/labels/demo');
    const offers = region('Quiet windows to label').getByRole('listitem');
    const before = await offers.count();
    expect(before).toBeGreaterThan(2);
    await offers
      .first()
      .getByRole('button', { name: /^Normal: / })
      .click();
    await on.page.getByRole('dialog').getByRole('button', { name: 'Label as normal' }).click();
    await on.page.getByText(/ is labelled normal\.$/).waitFor();
    await region('Labels given').getByRole('listitem').first().waitFor();
    expect(await offers.count()).toBe(before - 1);
    const [label] = await on.harness.monitor.labels.list({});
    expect([label!.label, label!.weight]).toEqual(['normal', 10]);
  });

  test('maintenance: on, ahead and past are told apart; one is planned and one ended', async () => {
    const { page } = on;
    await open('/#/maintenance');
    await region('On now').getByText('Index is rebuilt').waitFor();
    await region('Ahead').getByText('Yearly failover test').waitFor();
    await region('Past').getByText('Disk change').waitFor();
    await page.getByRole('button', { name: 'End now: Index is rebuilt' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End now' }).click();
    await page.getByText('Index is rebuilt: ended.').waitFor();
    await region('Past').getByText('Index is rebuilt').waitFor();
    await region('On now').getByText('No maintenance is on.').waitFor();

    const plan = region('Plan maintenance');
    await plan.getByLabel('Reason, shown with what it keeps back').fill('New switch');
    await plan.getByLabel('From').fill('2026-01-07T20:00');
    await plan.getByLabel('To', { exact: true }).fill('2026-01-07T19:00');
    await plan.getByRole('button', { name: 'Plan maintenance' }).click();
    await page.getByText('From must be before to.').first().waitFor();
    expect(await page.locator(':focus').getAttribute('name')).toBe('from');
    await plan.getByLabel('To', { exact: true }).fill('2026-01-07T21:00');
    await plan.getByLabel('Stream').selectOption('demo');
    await plan.getByRole('button', { name: 'Plan maintenance' }).click();
    await region('Ahead').getByText('New switch').waitFor();
    expect(await region('Ahead').innerText()).toContain('20:00:00 (in 4 h');
    const made = (await on.harness.monitor.maintenance.list({})).find((w) => w.reason === 'New switch')!;
    expect([made.stream, made.entity, made.fromMs]).toEqual(['demo', null, Date.UTC(2026, 0, 7, 19)]);
  });
});
