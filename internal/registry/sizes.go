package registry

import (
	"cmp"
	"slices"
)

// sizesSampled bounds the studies that /stats/size measures: it would
// otherwise make every study of the registry.
const sizesSampled = 1000

// sizes answers /stats/size, measured on evenly spread studies.
func (r *Registry) sizes(a *answer, b *build) error {
	type sized struct {
		ID        string `json:"id"`
		SizeBytes int    `json:"sizeBytes"`
	}
	type counted struct {
		SizeRange    string `json:"sizeRange"`
		StudiesCount int    `json:"studiesCount"`
	}
	var all []sized
	var total int
	var raw []byte
	for slot := 0; slot < b.size(); slot += max(1, b.size()/sizesSampled) {
		if !b.has(slot) {
			continue
		}
		var err error
		if raw, err = b.appendStudy(raw[:0], slot); err != nil {
			return err
		}
		all = append(all, sized{b.header(slot).id.String(), len(raw)})
		total += len(raw)
	}
	slices.SortFunc(all, func(x, y sized) int { return cmp.Compare(y.SizeBytes, x.SizeBytes) })
	stats := struct {
		AverageSizeBytes int            `json:"averageSizeBytes"`
		LargestStudies   []sized        `json:"largestStudies"`
		Percentiles      map[string]int `json:"percentiles"`
		Ranges           []counted      `json:"ranges"`
		TotalStudies     int            `json:"totalStudies"`
	}{LargestStudies: []sized{}, Percentiles: map[string]int{}, Ranges: []counted{}, TotalStudies: b.live()}
	if n := len(all); n > 0 {
		stats.AverageSizeBytes = total / n
		stats.LargestStudies = all[:min(10, n)]
		for name, share := range map[string]int{"50": 50, "90": 90, "99": 99} {
			stats.Percentiles[name] = all[(n-1)*(100-share)/100].SizeBytes
		}
		for _, limit := range []struct {
			name      string
			low, high int
		}{{"0-10KB", 0, 10_000}, {"10KB-100KB", 10_000, 100_000}, {"100KB-1MB", 100_000, 1_000_000}, {"1MB-10MB", 1_000_000, 10_000_000}} {
			count := 0
			for _, s := range all {
				if s.SizeBytes >= limit.low && s.SizeBytes < limit.high {
					count++
				}
			}
			stats.Ranges = append(stats.Ranges, counted{limit.name, count * b.live() / n})
		}
	}
	return a.json(stats)
}
