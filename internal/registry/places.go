package registry

import "strconv"

// country is where made-up towns lie. The towns' names follow the script and
// the sound of the place; the places themselves do not exist.
type country struct {
	name     string
	lat, lon float64
	states   []string // nil: sites of the country carry none
	zip      string   // # is a digit, @ a letter; "" is none
	starts   []string
	ends     []string
	clinics  []string // % is the town
}

var (
	germanStarts   = []string{"Altenfurt", "Brückenau", "Lüdershof", "Grünmoor", "Königsried", "Straßwald"}
	frenchStarts   = []string{"Belrive", "Châteaubois", "Fontélie", "Montrésac", "Saint-Éloire", "Vézanne"}
	spanishStarts  = []string{"Alcoraz", "Cañaveda", "Peñarroca", "Villanuño", "San Íñigo", "Torrevía"}
	slavicStarts   = []string{"Březov", "Czarnowiec", "Novodvor", "Łąkowice", "Žitava", "Ştefăneni"}
	nordicStarts   = []string{"Ærøvik", "Björkdal", "Fjordheim", "Hästnäs", "Ylistaro", "Østmark"}
	asianStarts    = []string{"Haruyama", "Jinseong", "Lianhe", "Minamikawa", "Qingtan", "Songnae"}
	arabicStarts   = []string{"Al Rawd", "Bani Tariq", "Dar Salim", "Kafr Nour", "Yeşilova", "Gül Ova"}
	plainStarts    = townStarts
	plainClinics   = []string{"% General Hospital", "% Medical Center", "University of %", "% Clinical Research Unit", "St. Aldous Hospital, %"}
	germanClinics  = []string{"Universitätsklinikum %", "Klinikum %", "Praxis für Innere Medizin %"}
	frenchClinics  = []string{"CHU de %", "Hôpital %", "Clinique du Val de %"}
	spanishClinics = []string{"Hospital Universitario de %", "Clínica %", "Instituto de Investigación %"}
	slavicClinics  = []string{"Fakultní nemocnice %", "Szpital Kliniczny %", "City Clinical Hospital No. 4, %"}
	nordicClinics  = []string{"% Universitetssjukhus", "% Sygehus", "Oulankan sairaala %"}
	asianClinics   = []string{"% University Hospital", "The First Affiliated Hospital of % Medical College", "%大学附属病院", "%第一人民医院", "%대학교병원"}
	otherEnds      = []string{"", "", "", " Nova", " Sur", "-Est", " II", " Alta", "-Vale"}
	usStates       = []string{"California", "Texas", "New York", "Florida", "Ohio", "Pennsylvania", "Massachusetts", "North Carolina", "Illinois", "Arizona", "Washington", "Georgia"}
)

// countries are weighted by how often a name stands here.
var countries = func() []country {
	us := country{"United States", 39, -95, usStates, "#####", plainStarts, townEnds, plainClinics}
	uk := country{"United Kingdom", 53, -1.5, []string{"England", "Scotland", "Wales"}, "@@# #@@", plainStarts, townEnds, plainClinics}
	china := country{"China", 33, 112, []string{"Guangdong", "Zhejiang", "Beijing Municipality", "Sichuan"}, "######", asianStarts, otherEnds, asianClinics}
	france := country{"France", 46.5, 2.5, nil, "#####", frenchStarts, otherEnds, frenchClinics}
	germany := country{"Germany", 51, 10, []string{"Baden-Württemberg", "Bavaria", "North Rhine-Westphalia"}, "#####", germanStarts, otherEnds, germanClinics}
	return []country{
		us, us, us, us, us, us, us, us, us, us, us, us, china, china, china, china, france, france, france, germany, germany, uk, uk,
		{"Canada", 47, -78, []string{"Ontario", "Quebec", "Alberta"}, "@#@ #@#", plainStarts, townEnds, plainClinics},
		{"Spain", 40, -3.7, nil, "#####", spanishStarts, otherEnds, spanishClinics},
		{"Italy", 43, 12, []string{"Lombardy", "Lazio"}, "#####", []string{"Castelvèro", "Montefiorì", "Roccalba", "Sant'Elvio"}, otherEnds, []string{"Ospedale di %", "Policlinico %", "Azienda Ospedaliera %"}},
		{"Turkey (Türkiye)", 39, 33, nil, "#####", arabicStarts, otherEnds, []string{"% Eğitim ve Araştırma Hastanesi", "% University"}},
		{"Korea, Republic of", 36.5, 127.8, nil, "", asianStarts, otherEnds, asianClinics},
		{"Japan", 36, 138, []string{"Tokyo", "Osaka", "Hokkaido", "Kanagawa"}, "###-####", asianStarts, otherEnds, asianClinics},
		{"Brazil", -15, -50, []string{"São Paulo", "Paraná", "Ceará"}, "#####-###", spanishStarts, otherEnds, []string{"Hospital das Clínicas de %", "Santa Casa de %"}},
		{"Australia", -33, 148, []string{"New South Wales", "Victoria", "Queensland"}, "####", plainStarts, townEnds, plainClinics},
		{"Poland", 52, 19, nil, "##-###", slavicStarts, otherEnds, slavicClinics},
		{"Czechia", 49.8, 15.5, nil, "### ##", slavicStarts, otherEnds, slavicClinics},
		{"Romania", 45.9, 25, nil, "######", slavicStarts, otherEnds, []string{"Spitalul Clinic Județean %"}},
		{"Sweden", 60, 15, nil, "### ##", nordicStarts, otherEnds, nordicClinics},
		{"Denmark", 56, 10, nil, "####", nordicStarts, otherEnds, nordicClinics},
		{"Egypt", 27, 30, nil, "#####", arabicStarts, otherEnds, []string{"% University Hospitals", "Kasr %"}},
		{"Iran, Islamic Republic of", 32, 53, nil, "", arabicStarts, otherEnds, plainClinics},
		{"India", 22, 78, []string{"Maharashtra", "Tamil Nadu", "Delhi"}, "######", []string{"Amarpet", "Devnagar", "Kalyanpur", "Rajwadi"}, otherEnds, []string{"% Medical College", "% Institute of Medical Sciences"}},
		{"Taiwan", 23.7, 121, nil, "", asianStarts, otherEnds, asianClinics},
		{"Côte D'Ivoire", 7.5, -5.5, nil, "", frenchStarts, otherEnds, frenchClinics},
		{"Uganda", 0.4, 32.5, nil, "", []string{"Kasenyi-Moto", "Lwabaluta", "Nakivundu"}, otherEnds, []string{"% District Hospital"}},
		{"Mexico", 20, -100, []string{"Jalisco", "Nuevo León"}, "#####", spanishStarts, otherEnds, spanishClinics},
	}
}()

// genericFacilities hide where a site is: sponsors give them for many places.
var genericFacilities = []string{
	"Research Site", "Research Site", "Research Site", "Investigational Site", "Clinical Trial Site",
	"Aldrenbridge Pharmaceuticals Investigative Site",
	"For additional information regarding investigative sites for this trial, contact the sponsor's call center Mon - Fri from 9 AM to 5 PM Eastern Time (UTC/GMT - 5 hours, EST), or speak with your personal physician.",
}

// siteCount is how many facilities there are to draw from.
const siteCount = 20_000

// place is one made-up facility: the same number is the same place in every study.
type place struct {
	country  *country
	state    string
	facility []byte
	city     []byte
	zip      []byte
	lat, lon float64
}

// set makes p the place of a number, in p's own memory.
func (p *place) set(seed uint64, number int) {
	d := newDice(seed, number, purposePlace)
	c := &countries[d.below(len(countries))]
	p.country = c
	p.city = append(append(p.city[:0], d.pick(c.starts)...), d.pick(c.ends)...)
	p.state = ""
	if c.states != nil {
		p.state = d.pick(c.states)
	}
	p.facility = appendClinic(p.facility[:0], d.pick(c.clinics), p.city)
	if d.chance(400) || (c.zip == "" && d.chance(700)) {
		p.facility = strconv.AppendInt(append(p.facility, " - Unit "...), int64(d.between(1, 60)), 10)
	}
	p.zip = p.zip[:0]
	for i := 0; i < len(c.zip); i++ {
		switch c.zip[i] {
		case '#':
			p.zip = append(p.zip, byte('0'+d.below(10)))
		case '@':
			p.zip = append(p.zip, byte('A'+d.below(26)))
		default:
			p.zip = append(p.zip, c.zip[i])
		}
	}
	// As in the registry, coordinates are those of the city, to 5 places.
	at := newDice(seed, int(hashBytes(p.city)>>32), purposePlace)
	p.lat = c.lat + float64(at.between(-300_000, 300_000))/100_000
	p.lon = c.lon + float64(at.between(-400_000, 400_000))/100_000
	p.lat, p.lon = float64(int(p.lat*100_000))/100_000, float64(int(p.lon*100_000))/100_000
}

func appendClinic(dst []byte, clinic string, town []byte) []byte {
	for i := 0; i < len(clinic); i++ {
		if clinic[i] == '%' {
			dst = append(dst, town...)
		} else {
			dst = append(dst, clinic[i])
		}
	}
	return dst
}

func hashBytes(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func appendPhone(dst []byte, d *dice) []byte {
	dst = append(dst, "+555 "...)
	dst = strconv.AppendInt(dst, int64(d.between(100, 999)), 10)
	dst = append(dst, ' ')
	return strconv.AppendInt(dst, int64(d.between(100_000, 999_999)), 10)
}
