import { style } from './style.js';

/** What all pages of the monitor look like; imported by each, fetched once. */
await style('monitor');
