/**
 * The part of Markdown that our own pages are written in, as HTML: headings, paragraphs, lists (an indented list within an
 * item too), tables, fenced code, and within a line code, bold, emphasis and links. Whatever else is there stays text: every
 * character is escaped before anything becomes an element, so that no page can bring markup of its own.
 */
const LIST = /^(\s*)(?:[-*]|\d+[.)])\s+(.*)$/;
const HEADING = /^(#{1,4})\s+(.*)$/;
const FENCE = /^\s*```/;
const TABLE = /^\|.*\|\s*$/;
const TABLE_RULE = /^\|[\s:|-]+\|\s*$/;

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** linkOf: the address of a link's target as it is written; null where it leads nowhere from here, and its text is shown. */
export function markdownToHtml(markdown: string, linkOf: (target: string) => string | null): string {
  const lines = markdown.replaceAll('\r\n', '\n').split('\n');
  const inline = (text: string) => inlineHtml(text, linkOf);
  const html: string[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    const heading = HEADING.exec(line);
    if (line.trim() === '') at++;
    else if (heading) {
      const level = heading[1]!.length;
      html.push(`<h${level}>${inline(heading[2]!)}</h${level}>`);
      at++;
    } else if (FENCE.test(line)) {
      const end = closing(lines, at + 1);
      html.push(`<pre><code>${escapeHtml(lines.slice(at + 1, end).join('\n'))}</code></pre>`);
      at = end + 1;
    } else if (TABLE.test(line)) {
      const end = firstAfter(lines, at, (l) => !TABLE.test(l));
      html.push(tableHtml(lines.slice(at, end), inline));
      at = end;
    } else if (LIST.test(line)) {
      const end = firstAfter(lines, at, (l) => l.trim() === '' || HEADING.test(l) || FENCE.test(l));
      html.push(listHtml(lines.slice(at, end), inline));
      at = end;
    } else {
      const end = firstAfter(
        lines,
        at,
        (l) => l.trim() === '' || [HEADING, LIST, FENCE, TABLE].some((of) => of.test(l)),
      );
      html.push(`<p>${inline(lines.slice(at, end).join(' '))}</p>`);
      at = end;
    }
  }
  return html.join('\n');
}

const closing = (lines: readonly string[], from: number): number =>
  firstAfter(lines, from - 1, (line) => FENCE.test(line));

function firstAfter(lines: readonly string[], at: number, stop: (line: string) => boolean): number {
  let end = at + 1;
  while (end < lines.length && !stop(lines[end]!)) end++;
  return end;
}

/** Lines of one list: an item begins at a mark, goes on in lines without one, and holds those that are indented more. */
function listHtml(lines: readonly string[], inline: (text: string) => string): string {
  const indent = LIST.exec(lines[0]!)![1]!.length;
  const tag = /^\s*\d/.test(lines[0]!) ? 'ol' : 'ul';
  const items: { text: string; inner: string[] }[] = [];
  for (const line of lines) {
    const mark = LIST.exec(line);
    const last = items.at(-1);
    if (mark && mark[1]!.length <= indent) items.push({ text: mark[2]!, inner: [] });
    else if (last && (mark || last.inner.length > 0)) last.inner.push(line);
    else if (last) last.text += ` ${line.trim()}`;
  }
  const item = ({ text, inner }: (typeof items)[number]) =>
    `<li>${inline(text)}${inner.length > 0 ? listHtml(inner, inline) : ''}</li>`;
  return `<${tag}>${items.map(item).join('')}</${tag}>`;
}

function tableHtml(lines: readonly string[], inline: (text: string) => string): string {
  const cells = (line: string) =>
    line
      .trim()
      .slice(1, -1)
      .split('|')
      .map((cell) => inline(cell.trim()));
  const row = (line: string, tag: string) =>
    `<tr>${cells(line)
      .map((cell) => `<${tag}>${cell}</${tag}>`)
      .join('')}</tr>`;
  const [head = '', ...body] = lines.filter((line) => !TABLE_RULE.test(line));
  return `<table><thead>${row(head, 'th')}</thead><tbody>${body.map((line) => row(line, 'td')).join('')}</tbody></table>`;
}

/** Code first, because nothing within it means anything else; it comes back when all else is done. */
function inlineHtml(text: string, linkOf: (target: string) => string | null): string {
  const codes: string[] = [];
  const kept = text.replaceAll('\0', '').replace(/`([^`]+)`/g, (_, code: string) => `\0${codes.push(code) - 1}\0`);
  return spans(kept, linkOf).replace(/\0(\d+)\0/g, (_, i: string) => `<code>${escapeHtml(codes[Number(i)]!)}</code>`);
}

function spans(text: string, linkOf: (target: string) => string | null): string {
  return escapeHtml(text)
    .replace(/\[([^\]]+)\]\(([^()\s\0]+)\)/g, (_, words: string, target: string) => {
      const address = linkOf(target.replaceAll('&amp;', '&').replaceAll('&quot;', '"'));
      return address === null ? words : `<a href="${escapeHtml(address)}">${words}</a>`;
    })
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replace(/(^|[\s(])[*_]([^*_\s<>][^*_<>]*)[*_](?=$|[\s).,:;])/g, '$1<em>$2</em>');
}
