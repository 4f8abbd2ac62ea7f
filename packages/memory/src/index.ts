export {
  createMemoryData,
  createMemoryStore,
  databaseOf,
  forkMemoryData,
  type MemoryData,
  memoryDriver,
  type MemoryStore,
  type MemoryStoreOptions,
} from './memory.ts'
