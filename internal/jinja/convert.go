package jinja

import (
	"encoding/json"
	"math/big"
	"slices"
)

// FromGo turns plain Go data, as decoded from YAML or JSON, into values: maps
// become Dicts with sorted keys, slices Lists, all integers int64. Values that
// are none of these stay as they are, host objects among them.
func FromGo(v any) any {
	switch x := v.(type) {
	case int:
		return int64(x)
	case int8:
		return int64(x)
	case int16:
		return int64(x)
	case int32:
		return int64(x)
	case uint8:
		return int64(x)
	case uint16:
		return int64(x)
	case uint32:
		return int64(x)
	case uint:
		return fromUint(uint64(x))
	case uint64:
		return fromUint(x)
	case *big.Int:
		return fromBig(x)
	case float32:
		return float64(x)
	case json.Number:
		return fromJSONNumber(x)
	case []any:
		l := &List{V: make([]any, len(x))}
		for i, e := range x {
			l.V[i] = FromGo(e)
		}
		return l
	case []string:
		return texts(x)
	case map[string]any:
		return fromMap(x)
	case map[string]string:
		return fromMap(x)
	}
	return v
}

func fromMap[V any](m map[string]V) *Dict {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	d := &Dict{}
	for _, k := range keys {
		d.Set(k, FromGo(m[k]))
	}
	return d
}

// fromUint keeps numbers beyond int64 exact.
func fromUint(n uint64) any { return fromBig(new(big.Int).SetUint64(n)) }

func fromJSONNumber(n json.Number) any {
	if i, ok := parseInteger(n.String(), 10); ok {
		return i
	}
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return f
}

// ToGo is the way back: Dicts become map[string]any, sequences []any, undefined
// values and what is nested too deeply nil.
func ToGo(v any) any { return toGo(v, 0) }

func toGo(v any, depth int) any {
	if depth > maxNesting {
		return nil
	}
	switch x := v.(type) {
	case *List:
		return toGoSlice(x.V, depth)
	case *Tuple:
		return toGoSlice(x.V, depth)
	case *generator:
		return toGoSlice(x.Iter(), depth)
	case *dictView:
		return toGoSlice(x.Iter(), depth)
	case *rangeValue:
		return toGoSlice(x.Iter(), depth)
	case *Dict:
		m := make(map[string]any, x.Len())
		for _, e := range x.entries {
			m[Str(e.key)] = toGo(e.val, depth+1)
		}
		return m
	case Undefined:
		return nil
	}
	return v
}

func toGoSlice(v []any, depth int) []any {
	out := make([]any, len(v))
	for i, e := range v {
		out[i] = toGo(e, depth+1)
	}
	return out
}
