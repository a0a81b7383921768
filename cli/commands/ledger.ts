import { readEvidence } from '../../monitor/ledger/evidence.ts';
import { verifyChain } from '../../monitor/ledger/verify.ts';
import { type AddCommand, examples } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { type LedgerOptions, type LedgerSource, withLedgers } from '../ledgers.ts';
import { print, printJson } from '../ui/output.ts';

interface Verified {
  ledger: string;
  entries: number;
  /** Decisions whose evidence is there, byte for byte as its hashes say. */
  evidence: number;
  faults: string[];
}

/** Faults that are told of one ledger. */
const MAX_FAULTS = 20;

export const ledgerCommand: AddCommand = (program) => {
  const ledger = program.command('ledger').description('The ledger of decisions.');
  ledger
    .command('verify')
    .description('Compute every hash of the ledger and of its evidence again. Exit code 1: something was altered.')
    .option('-f, --file <file>', 'configuration of the running process')
    .option('--from <dir>', 'what `scenario run --out` wrote, in place of the database')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      examples(
        ['tidewatch ledger verify', 'the ledger of the running process'],
        ['tidewatch ledger verify --from DIR', 'every ledger in DIR and below it'],
      ),
    )
    .action(async (options: LedgerOptions & { json?: boolean }) => {
      const all = await withLedgers(options, (ledgers) => Promise.all(ledgers.map(verified)));
      if (options.json) printJson(all);
      else
        for (const { ledger: name, entries, evidence, faults } of all) {
          print(
            `${name}: ${entries} entries, evidence of ${evidence}, ${faults.length === 0 ? 'all as written' : 'ALTERED'}`,
          );
          for (const fault of faults) print(`  ${fault}`);
        }
      if (all.some(({ faults }) => faults.length > 0)) process.exitCode = EXIT.different;
    });
};

async function verified(ledger: LedgerSource): Promise<Verified> {
  const chain = await verifyChain(ledger.entries());
  const faults = chain.ok ? [] : [chain.why];
  let evidence = 0;
  for await (const entry of ledger.entries()) {
    const read = await readEvidence(entry.evidence, ledger.evidence);
    if (read.ok) evidence++;
    else if (faults.length < MAX_FAULTS) faults.push(`${entry.decision.id}: ${read.fault.code}, ${read.fault.detail}`);
  }
  return { ledger: ledger.name, entries: chain.entries, evidence, faults };
}
