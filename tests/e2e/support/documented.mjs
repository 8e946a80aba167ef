// What the documents tell a reader to type.

// The fenced blocks ```sh TAG of a document, as lists of lines; `\` continues a line, `$ ` is a prompt, comments and what
// a prompt does not precede are output.
export function shellBlocks(markdown, tag) {
  return [...markdown.matchAll(new RegExp(`^\`\`\`sh ${tag}[^\\n]*\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, body]) => {
    const lines = body.replace(/\s*\\\n\s*/g, ' ').split('\n').map((line) => line.trim()).filter(Boolean);
    const prompted = lines.some((line) => line.startsWith('$ '));
    return lines
      .filter((line) => !line.startsWith('#') && (!prompted || line.startsWith('$ ')))
      .map((line) => line.replace(/^\$ /, '').replace(/\s+#\s.*$/, ''));
  });
}
