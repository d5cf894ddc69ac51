// What was dropped on the page: files, and the files in dropped folders with their paths.
function entriesOf(reader) {
  return new Promise((done, broken) => { reader.readEntries(done, broken); });
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((done, broken) => { entry.file(done, broken); });
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await entriesOf(reader); // a hundred at a time, then none
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

// Returns [{file, path}]. The entries must be taken at once: after the event the list is empty.
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  const files = [...transfer.files];
  if (!entries.length || entries.some((one) => !one)) return files.map((file) => ({ file, path: file.name }));
  const found = [];
  for (const one of entries) await walk(one, found);
  return found;
}
