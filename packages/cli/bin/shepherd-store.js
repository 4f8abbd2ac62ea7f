#!/usr/bin/env node
/// <reference types="node" />

// Any Node since 12 can load this, as a module or as a script: an old one is told what is needed, and does not crash.
const NEEDED = [22, 14]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  // In place of the command line, which every user of the machine can read: it may hold a password.
  process.title = 'shepherd-store'
  void import('#main').then(start)
} else {
  const needed = `Node ${NEEDED.join('.')} or newer is needed, and this is ${process.versions.node}`
  console.error(`shepherd-store: ${needed}; install a newer one, from nodejs.org or with your package manager`)
  process.exitCode = 1
}

/** @param {typeof import('../src/main.ts')} program */
async function start({ main }) {
  process.exitCode = await main(process.argv.slice(2))
}
