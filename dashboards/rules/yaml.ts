import { stringify } from 'yaml';

/** One file, with a word on where it comes from. Texts of several lines stay readable. */
export const yamlFile = (content: unknown): string =>
  `# Made by \`tidewatch dashboards build\`; what is changed here is lost.\n${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`;
