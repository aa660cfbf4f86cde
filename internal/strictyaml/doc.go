// Package strictyaml reads a declaration that people write: every mistake is
// told, with its line and what to type instead, and not the first alone.
//
// It owns what such declarations have in common: mappings whose keys are known,
// values that must be there, and the problems. It refuses what YAML lets pass:
// a key it does not know, a key given twice, a list where a text belongs.
package strictyaml
