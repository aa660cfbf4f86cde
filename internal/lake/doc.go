// Package lake keeps what was read from a registry, so that everything after
// it can be done again without the network.
//
// It owns a folder of extracts. An extract is one pass over the registry: one
// Parquet shard per page under one manifest, and in the end one compacted
// file. The manifest is the checkpoint: it is only ever replaced whole, and
// what is not in it does not exist.
//
//	            Append            Finish              Compact
//	(Begin) ─► in_progress ───────► success ─────────► success, loadable
//	              │  ▲                 shards            studies.parquet
//	         Fail ▼  │ Resume
//	            failure ───► (Begin) the pass starts again, under a new id
//
// success means complete: distinct NCT ids and quarantined records together
// are what the registry announced. Loadable means compacted as well, and the
// compacted file read back and compared. Neither is written before it is true.
//
// Order of the disk operations of one page, each of which may be the last:
//
//  1. the shard is written and synced      a crash leaves an orphan
//  2. the next manifest is written beside  a crash leaves two orphans
//     the manifest and synced, and the
//     folder is synced
//  3. the manifest is renamed into place   this is the commit
//  4. the folder is synced                 a power cut before may undo 3
//
// Orphans are ignored by readers and removed by the next writer. So at any
// instant at most the page in flight is lost.
//
// An extract of files has tables instead of pages: each is written as one
// Parquet file, and all of them exist once the manifest says success.
//
// It refuses pages that cannot belong to a pass that ends: a token that was
// given before, a page without anything new, more studies than were announced.
// It refuses two writers. It does not know how pages are fetched, nor what is
// in a study beyond its identity and its date.
package lake
