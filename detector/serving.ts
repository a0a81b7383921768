import type { ControlChange, Dismissal, ServingMode } from '../core/types.ts';
import type { FoldState } from './fold-state.ts';

/** What a partition has in force. */
export interface InForce {
  /** The champion, '' for none. */
  modelId: string;
  /** '' for none; then share is 0. */
  challengerId: string;
  share: number;
  /** The champion's calibration since it serves; null while it has its own. */
  calibration: { modelId: string; version: number } | null;
  mode: ServingMode;
}

interface NamedModel {
  modelId: string;
  sha256: string;
}

/** What ought to be in force. */
export interface Wanted {
  champion: NamedModel | null;
  challenger: (NamedModel & { share: number }) | null;
  calibration: {
    modelId: string;
    version: number;
    alertRate: number;
    combined: readonly number[] | null;
    dismissals: readonly Dismissal[];
  } | null;
  mode: ServingMode;
  reason: string;
}

export function inForceOf({ serving, mode }: FoldState): InForce {
  const { champion, challenger, share } = serving;
  const { calibration } = champion;
  return {
    modelId: champion.modelId,
    challengerId: challenger?.modelId ?? '',
    share,
    calibration: calibration && { modelId: calibration.modelId, version: calibration.version },
    mode,
  };
}

/**
 * The control changes that lead a partition to what is wanted, [] when it is there. In this order each is safe even if
 * none follows: a mode that asks less of the forest comes first and one that asks more last; a champion changes before its
 * challenger, so that a promoted challenger goes on warm; a challenger that serves entities is withdrawn before another
 * champion starts cold beside it. No champion and no calibration wanted leaves what there is; a calibration of another
 * model than the wanted champion waits until that one is champion.
 */
export function changesTowards(inForce: InForce, wanted: Wanted): ControlChange[] {
  const changes: ControlChange[] = [];
  const mode: ControlChange[] =
    inForce.mode === wanted.mode ? [] : [{ kind: 'mode', mode: wanted.mode, reason: wanted.reason }];
  if (wanted.mode !== 'forest') changes.push(...mode);
  const { champion } = wanted;
  const at = { ...inForce };
  if (champion !== null && champion.modelId !== at.modelId) {
    const promoted = champion.modelId === at.challengerId;
    if (!promoted && at.challengerId !== '' && at.challengerId !== wanted.challenger?.modelId) withdraw(at, changes);
    changes.push({ kind: 'model', modelId: champion.modelId, sha256: champion.sha256 });
    if (promoted) {
      at.challengerId = at.modelId;
      at.share = 0;
    }
    // of the one before; what the new one has is written once more at most
    at.calibration = null;
    at.modelId = champion.modelId;
  }
  const { calibration } = wanted;
  if (calibration !== null && calibration.modelId === at.modelId && !sameCalibration(at.calibration, calibration)) {
    const { modelId, version, alertRate, combined, dismissals } = calibration;
    changes.push({
      kind: 'calibration',
      ...{ modelId, version, alertRate },
      ...(combined === null ? {} : { combined }),
      ...(dismissals.length === 0 ? {} : { dismissals }),
    });
  }
  // Its own champion cannot be a partition's challenger.
  const challenger = wanted.challenger?.modelId === at.modelId ? null : wanted.challenger;
  if (challenger === null) {
    if (at.challengerId !== '') withdraw(at, changes);
  } else if (challenger.modelId !== at.challengerId || challenger.share !== at.share) {
    const { modelId, sha256, share } = challenger;
    changes.push({ kind: 'challenger', modelId, sha256, share });
  }
  if (wanted.mode === 'forest') changes.push(...mode);
  return changes;
}

function withdraw(at: InForce, changes: ControlChange[]): void {
  changes.push({ kind: 'challenger', modelId: '', sha256: '', share: 0 });
  at.challengerId = '';
  at.share = 0;
}

const sameCalibration = (a: InForce['calibration'], b: { modelId: string; version: number }): boolean =>
  a !== null && a.modelId === b.modelId && a.version === b.version;
