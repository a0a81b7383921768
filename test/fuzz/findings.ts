/** Inputs that once broke a reader, or nearly, each with its cause. Every run of the tests reads them all again. */
export const FINDINGS: readonly { target: string; cause: string; base64: string }[] = [
  {
    target: 'tidewatch-json',
    cause: 'a string without end after a word: a pattern that skips strings would start anew at each of its quotes',
    base64: Buffer.from(`NaN"${'\\"'.repeat(200_000)}`).toString('base64'),
  },
  {
    target: 'tidewatch-json',
    cause: 'lists in lists, deeper than any stack',
    base64: Buffer.from('['.repeat(500_000)).toString('base64'),
  },
  {
    target: 'influx-line',
    cause: 'a quote in each line, none of them closed: scanning to the end for each would be quadratic',
    base64: Buffer.from('m,host=a v="\\"\n'.repeat(50_000)).toString('base64'),
  },
];
