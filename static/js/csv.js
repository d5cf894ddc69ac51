// Comma-separated values (RFC 4180) into rows of text. A quote doubled inside quotes is a quote; without a given
// separator the one that the first line has most of is taken.
function separatorOf(text) {
  const line = text.slice(0, text.search(/[\r\n]|$/));
  const count = (mark) => line.split(mark).length;
  return [",", ";", "\t"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

export function rowsOf(source, given = null, most = Infinity) {
  const text = source.replace(/^\uFEFF/, "");
  const separator = given ?? separatorOf(text);
  const rows = [];
  let row = [];
  let field = "";
  let quoted = false;
  const endRow = () => { row.push(field); rows.push(row); row = []; field = ""; };
  for (let at = 0; at < text.length && rows.length < most; at += 1) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') { field += '"'; at += 1; }
      else quoted = false;
    } else if (letter === '"' && field === "") quoted = true;
    else if (letter === separator) { row.push(field); field = ""; }
    else if (letter === "\n") endRow();
    else if (letter !== "\r") field += letter;
  }
  if ((field || row.length) && rows.length < most) endRow();
  return rows;
}
