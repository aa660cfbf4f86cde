package lake

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

// The content hash of a study says whether its content changed. It does not
// see the order of members and the white space of the JSON, nor how a character is
// escaped, nor:
//
//   - derivedSection.miscInfoModule.versionHolder, the date of the data build,
//     which changes in every study with every build;
//   - the order of the lists in unordered, which are sets. The browse lists
//     are computed by the registry and were seen to change their order alone;
//     the others are choices ticked in a form or cross references by label.
//
// It does see the order of every other list, above all of conditions,
// interventions, collaborators, locations and phases: staging keeps their
// order, as ordinal or joined text, so a change of order is a change of rows.
//
// Numbers are compared as they are written: 1 and 1.0 differ.
var unordered = pathSet(
	"protocolSection.identificationModule.nctIdAliases",
	"protocolSection.designModule.designInfo.maskingInfo.whoMasked",
	"protocolSection.eligibilityModule.stdAges",
	"protocolSection.ipdSharingStatementModule.infoTypes",
	"protocolSection.armsInterventionsModule.armGroups.interventionNames",
	"protocolSection.armsInterventionsModule.interventions.armGroupLabels",
	"derivedSection.conditionBrowseModule.meshes",
	"derivedSection.conditionBrowseModule.ancestors",
	"derivedSection.conditionBrowseModule.browseLeaves",
	"derivedSection.conditionBrowseModule.browseBranches",
	"derivedSection.interventionBrowseModule.meshes",
	"derivedSection.interventionBrowseModule.ancestors",
	"derivedSection.interventionBrowseModule.browseLeaves",
	"derivedSection.interventionBrowseModule.browseBranches",
	"derivedSection.miscInfoModule.removedCountries",
)

// ignored is the one member that the content hash passes over.
const ignored = "derivedSection.miscInfoModule.versionHolder"

// pathNode is a place on the way to an unordered list or the ignored member.
// Lists do not count as steps. Below a nil node nothing is special.
type pathNode struct {
	unordered bool
	ignored   bool
	members   map[string]*pathNode
}

func pathSet(lists ...string) *pathNode {
	root := &pathNode{}
	for _, path := range lists {
		root.at(path).unordered = true
	}
	root.at(ignored).ignored = true
	return root
}

func (n *pathNode) at(path string) *pathNode {
	for name := range strings.SplitSeq(path, ".") {
		if n.members == nil {
			n.members = map[string]*pathNode{}
		}
		if n.members[name] == nil {
			n.members[name] = &pathNode{}
		}
		n = n.members[name]
	}
	return n
}

func (n *pathNode) member(name []byte) *pathNode {
	if n == nil {
		return nil
	}
	return n.members[string(name)]
}

// hasher writes studies in one canonical form and hashes that. It keeps its
// buffers between studies and is not for concurrent use.
type hasher struct {
	text    []byte
	scratch []byte
}

// study gives 32 hex digits.
func (h *hasher) study(study *fastjson.Value) string {
	h.text = h.text[:0]
	h.value(study, unordered)
	return hashBytes(h.text)
}

// hashBytes is half of SHA-256: 128 bits are plenty to tell bodies apart.
func hashBytes(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// value appends the canonical form: a letter for the type, then lengths before
// texts and counts before elements, so that no two values look alike.
func (h *hasher) value(v *fastjson.Value, at *pathNode) {
	switch v.Type() {
	case fastjson.TypeObject:
		h.object(v.GetObject(), at)
	case fastjson.TypeArray:
		h.list(v.GetArray(), at)
	case fastjson.TypeString:
		h.string('s', v.GetStringBytes())
	default: // number, true, false, null: as they are written
		h.text = append(v.MarshalTo(append(h.text, 'v')), ';')
	}
}

func (h *hasher) string(kind byte, text []byte) {
	h.text = append(h.text, kind)
	h.text = binary.AppendUvarint(h.text, uint64(len(text)))
	h.text = append(h.text, text...)
}

type member struct {
	name  []byte
	value *fastjson.Value
}

func (h *hasher) object(object *fastjson.Object, at *pathNode) {
	members := make([]member, 0, 24)
	object.Visit(func(name []byte, value *fastjson.Value) {
		if below := at.member(name); below == nil || !below.ignored {
			members = append(members, member{name, value})
		}
	})
	slices.SortStableFunc(members, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	h.text = append(h.text, 'o')
	h.text = binary.AppendUvarint(h.text, uint64(len(members)))
	for _, m := range members {
		h.string('m', m.name)
		h.value(m.value, at.member(m.name))
	}
}

func (h *hasher) list(elements []*fastjson.Value, at *pathNode) {
	h.text = append(h.text, 'l')
	h.text = binary.AppendUvarint(h.text, uint64(len(elements)))
	start := len(h.text)
	ends := make([]int, 0, 16)
	for _, element := range elements {
		h.value(element, at)
		ends = append(ends, len(h.text))
	}
	if at != nil && at.unordered && len(elements) > 1 {
		h.sort(start, ends)
	}
}

// sort puts the elements written since start into the order of their bytes.
func (h *hasher) sort(start int, ends []int) {
	h.scratch = append(h.scratch[:0], h.text[start:]...)
	elements := make([][]byte, len(ends))
	from := start
	for i, end := range ends {
		elements[i] = h.scratch[from-start : end-start]
		from = end
	}
	slices.SortFunc(elements, bytes.Compare)
	h.text = h.text[:start]
	for _, element := range elements {
		h.text = append(h.text, element...)
	}
}
