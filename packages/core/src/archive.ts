import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isDeepStrictEqual } from 'node:util'
import { createGunzip, createGzip } from 'node:zlib'
import { makeDirectory, newFile, replaceFile, sync } from './archive-files.ts'
import { auditLine, linesOf, parseAuditLine } from './audit-line.ts'
import type { AuditHead } from './audit.ts'
import { ChainCheck } from './chain-check.ts'
import { checkObject, checkText } from './codec.ts'
import type { AuditRow } from './effects.ts'
import { isStoreError, messageOf, StoreError } from './errors.ts'
import { fileError, onDisk } from './file-errors.ts'

/** What is told of an archived part of the log, beside its file: `audit-….json` beside `audit-….jsonl.gz`. */
export interface ArchiveManifest {
  /** The file's name. It holds one record a line, as an export in JSON Lines does. */
  readonly file: string
  /** Of the file, in hexadecimal. */
  readonly sha256: string
  readonly records: number
  readonly firstId: number
  readonly throughId: number
  /** The hash of the record before the first, and of the last one. */
  readonly previousHash: string
  readonly hash: string
}

/**
 * Writes the records, which stand behind `previous`, into a new archive: the file is complete on the disk, and was read
 * back, before there is a manifest of it. A file without a manifest is no archive, and may be removed. `checkDue` throws
 * when the log was cut meanwhile: asked before the file takes the name that another call may have given to its own.
 */
export async function writeArchive(
  directory: string,
  previous: AuditHead,
  through: AuditHead,
  rows: AsyncIterable<AuditRow>,
  checkDue: () => Promise<void>,
): Promise<ArchiveManifest> {
  const name = archiveName(previous.id + 1, through.id)
  const file = `${name}.jsonl.gz`
  await onDisk(async () => {
    await makeDirectory(directory)
    await replaceFile(directory, file, async (partial) => {
      await pipeline(Readable.from(textOf(rows, previous)), createGzip(), newFile(partial))
      await checkDue()
      await removeManifestOfOther(directory, name, await sha256Of(partial))
    })
  })
  const manifest = await inspectArchive(directory, file, previous, through)
  await writeManifest(directory, manifest)
  return manifest
}

/**
 * Has the archive on the disk, which another call has made: that may have ended before its manifest was, and a sync that
 * failed is not made good by another one. False: meanwhile yet another call has made it anew, of other bytes.
 */
export async function confirmArchive(directory: string, manifest: ArchiveManifest): Promise<boolean> {
  const { file, firstId, previousHash, throughId, hash } = manifest
  await onDisk(async () => {
    await sync(join(directory, file))
    await makeDirectory(directory)
  })
  const isSame = async () => (await sha256Of(join(directory, file))) === manifest.sha256
  if (!(await isSame())) return false
  await writeManifest(directory, manifest)
  if (await isSame()) return true
  const previous = { id: firstId - 1, hash: previousHash }
  await writeManifest(directory, await inspectArchive(directory, file, previous, { id: throughId, hash }))
  return false
}

function writeManifest(directory: string, manifest: ArchiveManifest): Promise<void> {
  const text = `${JSON.stringify(manifestJson(manifest), null, 2)}\n`
  return onDisk(() =>
    replaceFile(directory, manifestOf(manifest.file), (partial) => pipeline(Readable.from([text]), newFile(partial))),
  )
}

/**
 * Of one that it takes the place of: it is gone before there is another file, whatever a power cut leaves. The same bytes
 * another call has just written, which may have cut the log behind them.
 */
async function removeManifestOfOther(directory: string, name: string, sha256: string): Promise<void> {
  const path = join(directory, `${name}.json`)
  try {
    if ((await readManifest(path)).sha256 === sha256) return
  } catch (error) {
    if (isStoreError(error, 'NOT_FOUND')) return
    if (!isStoreError(error, 'MALFORMED')) throw error
  }
  await rm(path, { force: true })
  await sync(directory)
}

/** The archive that follows on `previous`, if there is one, read and found good. @throws StoreError `MALFORMED` when it is not. */
export async function findArchive(directory: string, previous: AuditHead): Promise<ArchiveManifest | undefined> {
  const prefix = archiveName(previous.id + 1, 0).slice(0, -ID_DIGITS)
  const names = await onDisk(() => readdir(directory)).catch((error: unknown): string[] => {
    if (error instanceof StoreError && error.code === 'NOT_FOUND') return []
    throw error
  })
  const name = names.toSorted().findLast((each) => each.startsWith(prefix) && each.endsWith('.json'))
  if (name === undefined) return undefined
  const manifest = await readManifest(join(directory, name))
  const { throughId, hash } = manifest
  const found = await inspectArchive(directory, manifest.file, previous, { id: throughId, hash })
  if (isDeepStrictEqual(found, manifest)) return manifest
  throw damaged(join(directory, manifest.file), 'it is not what its manifest tells')
}

/** The lines of an archive, of all archives of a directory in their order, or of an export. Each archive's SHA-256 is looked at first. */
export async function* archiveLines(path: string): AsyncIterable<string> {
  const files = await onDisk(async () => {
    const entries = await readdir(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return undefined
      throw error
    })
    return entries?.filter((name) => /^audit-\d+-\d+\.json$/.test(name)).toSorted()
  })
  if (files === undefined) {
    yield* linesOf(piecesOf(path))
    return
  }
  if (files.length === 0) throw new StoreError('NOT_FOUND', `${path} holds no archive: no audit-….json is in it`)
  const manifests = await Promise.all(files.map((name) => readManifest(join(path, name))))
  for (const { file, sha256 } of inOrder(manifests)) {
    if ((await sha256Of(join(path, file))) !== sha256) {
      throw damaged(join(path, file), 'its SHA-256 is not the one of its manifest')
    }
    yield* linesOf(piecesOf(join(path, file)))
  }
}

/**
 * Those that follow on each other, and reach furthest; then what lies behind a gap. Others hold the same records: a call
 * made them that another one was faster than.
 */
function inOrder(manifests: readonly ArchiveManifest[]): readonly ArchiveManifest[] {
  const furthest = new Map<number, { readonly manifest: ArchiveManifest; readonly end: number }>()
  for (const manifest of manifests.toSorted((a, b) => b.firstId - a.firstId)) {
    const { firstId, throughId } = manifest
    const end = furthest.get(throughId + 1)?.end ?? throughId
    if (end > (furthest.get(firstId)?.end ?? 0)) furthest.set(firstId, { manifest, end })
  }
  const order: ArchiveManifest[] = []
  let reached = 0
  for (const firstId of [...furthest.keys()].toSorted((a, b) => a - b)) {
    if (firstId <= reached) continue
    for (let next = furthest.get(firstId); next !== undefined; next = furthest.get(reached + 1)) {
      order.push(next.manifest)
      reached = next.manifest.throughId
    }
  }
  return order
}

async function* textOf(rows: AsyncIterable<AuditRow>, previous: AuditHead): AsyncIterable<string> {
  let first: string | undefined = previous.hash
  for await (const row of rows) {
    yield `${auditLine(row, first)}\n`
    first = undefined
  }
}

/** Reads the file back: whether it holds what it should, record by record, and what its digest is. */
async function inspectArchive(
  directory: string,
  file: string,
  previous: AuditHead,
  through: AuditHead,
): Promise<ArchiveManifest> {
  const path = join(directory, file)
  const chain = new ChainCheck({})
  chain.goOnFrom(previous)
  let number = 0
  try {
    for await (const line of linesOf(piecesOf(path))) {
      number += 1
      if (!chain.isSound(parseAuditLine(line, `its line ${number}`).row)) break
    }
  } catch (error) {
    // An argument that is refused is the caller's fault; what stands in the file is not.
    throw isStoreError(error, 'INVALID_ARGUMENT') ? damaged(path, error.message) : error
  }
  const { firstBreak } = chain.result()
  if (firstBreak !== undefined) throw damaged(path, firstBreak.message)
  const { id, hash } = chain.head
  if (id !== through.id || hash !== through.hash)
    throw damaged(path, `it ends with record ${id} instead of ${through.id}`)
  const sha256 = await sha256Of(path)
  const [firstId, throughId] = [previous.id + 1, through.id]
  return { file, sha256, records: chain.checked, firstId, throughId, previousHash: previous.hash, hash }
}

async function* piecesOf(path: string): AsyncIterable<Uint8Array> {
  const file = createReadStream(path)
  try {
    if (path.endsWith('.gz')) {
      const unpack = createGunzip()
      file.on('error', (error) => unpack.destroy(error)).pipe(unpack)
      yield* unpack as AsyncIterable<Uint8Array>
    } else yield* file as AsyncIterable<Uint8Array>
  } catch (error) {
    throw fileError(error)
  } finally {
    file.destroy()
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await onDisk(() => pipeline(createReadStream(path), hash))
  return hash.digest('hex')
}

/** Ids are padded, so that names sort as ids do. */
const ID_DIGITS = 16

function archiveName(firstId: number, throughId: number): string {
  return `audit-${String(firstId).padStart(ID_DIGITS, '0')}-${String(throughId).padStart(ID_DIGITS, '0')}`
}

function manifestOf(file: string): string {
  return `${basename(file, '.jsonl.gz')}.json`
}

async function readManifest(path: string): Promise<ArchiveManifest> {
  const text = await onDisk(() => readFile(path, 'utf8'))
  try {
    const json = checkObject(JSON.parse(text), 'the manifest')
    const { format, file, sha256, records, first_id, through_id, previous_hash, hash } = json
    if (format !== FORMAT) throw new Error(`it is of another format than ${FORMAT}`)
    if (typeof file !== 'string' || manifestOf(file) !== basename(path)) throw new Error('it is of another file')
    return {
      file,
      sha256: checkText(sha256, 'sha256'),
      records: Number(records),
      firstId: Number(first_id),
      throughId: Number(through_id),
      previousHash: checkText(previous_hash, 'previous_hash'),
      hash: checkText(hash, 'hash'),
    }
  } catch (error) {
    throw damaged(path, messageOf(error))
  }
}

const FORMAT = 'shepherd-store audit archive 1'

function manifestJson({ file, sha256, records, firstId, throughId, previousHash, hash }: ArchiveManifest) {
  const range = { first_id: firstId, through_id: throughId, previous_hash: previousHash, hash }
  return { format: FORMAT, file, sha256, records, ...range }
}

function damaged(path: string, problem: string): StoreError {
  return new StoreError(
    'MALFORMED',
    `the archive ${resolve(path)} is damaged (${problem}); nothing was removed for it: move it away, and look at what made it so`,
  )
}
