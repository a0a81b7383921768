/**
 * Some systems name a locale that is no language tag (en-US@posix), and uPlot asks Intl for the browser's language while
 * it loads. Imported before it, this puts a valid tag in that one's place.
 */
function isTag(language) {
  try {
    return Intl.getCanonicalLocales(language).length > 0;
  } catch {
    return false;
  }
}

if (!isTag(navigator.language)) Object.defineProperty(navigator, 'language', { value: 'en' });
