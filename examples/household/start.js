// Plain JavaScript, for any Node: an old one gets a sentence here instead of a syntax error further on.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`This needs Node 22.18 or newer, and this is ${process.versions.node}: npm start brings its own.`)
  process.exit(1)
}
await import('./main.ts')
