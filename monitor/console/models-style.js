import { style } from './style.js';

/** What models and decisions look like. */
await style('models');
