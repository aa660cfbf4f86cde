package registry

// Names of people, organisations, places and drugs. All are put together from
// invented parts: none is meant to be anybody's.

var (
	givenNames = []string{
		"Aldren", "Benike", "Corvin", "Dorika", "Éloane", "Farisa", "Gundo", "Hanneke", "Ismene", "Jorun", "Kazumi", "Liorah",
		"Maelig", "Nuriel", "Østen", "Perpetua", "Quilla", "Ragnvi", "Soren-Arne", "Tamsin", "Ulrika", "Vittoro", "Wenzel",
		"Xiomira", "Yesenka", "Zbyszko", "Angelico", "Caglarin", "Ming-Yue", "Oluwadara",
	}
	familyNames = []string{
		"Abernorth", "Brunnaker", "Castellan-Vey", "Dvořanek", "Eskelund", "Farquin", "Grunwaldt-Osei", "Hallorane", "Ibarraga",
		"Jørgenskov", "Kovalenta", "Lindqvest", "Móréus", "Nakatomira", "O'Farrowly", "Petrosante", "Quispenara", "Rautenbeck",
		"Sahinoba", "Thorvalde", "Urbanskaya", "Van der Meerick", "Wójtala", "Xuande", "Yamashiro-Bell", "Zellweck", "Adeyinwa",
		"Bhattarai-Rao", "Choudhurel", "Demirkana",
	}
	degrees    = []string{", MD", ", PhD", ", MD, PhD", ", Prof.", "", ", MBBS", ", RN, MSc", ", DO", ", PharmD"}
	townStarts = []string{
		"Aldren", "Bramwy", "Caldur", "Dunvar", "Eskil", "Farrow", "Glenmor", "Hartwyn", "Ingleth", "Kelsar",
		"Lammer", "Marrick", "Norwenn", "Oakeld", "Pembrel", "Quenby", "Ravens", "Stannor", "Thornel", "Wexmar",
	}
	townEnds     = []string{"bridge", "bury", "dale", "ford", "ham", "haven", "mere", "port", "stead", "wick"}
	drugStarts   = []string{"Abe", "Bri", "Cali", "Dara", "Elo", "Feno", "Gemi", "Halo", "Ixa", "Jena", "Kori", "Luma", "Mavo", "Nebi", "Oxo", "Pira", "Quni", "Rovi", "Sela", "Tova", "Ulo", "Vexa", "Wira", "Xylo", "Zani"}
	drugMiddles  = []string{"ba", "cro", "di", "fe", "go", "lu", "mi", "no", "pa", "ri", "so", "ta", "ve", "xi", "zo"}
	drugEnds     = []string{"limab", "tinib", "ciclib", "gliptin", "sartan", "statin", "mycin", "parib", "zumab", "fenac", "prazole", "triptan", "vir", "cept", "flozin"}
	devices      = []string{"Compression Stocking", "Continuous Glucose Sensor", "Inhaler with Dose Counter", "Knee Orthosis", "Low-Level Laser", "Nasal High-Flow Cannula", "Portable Ultrasound Probe", "Pulse Oximeter", "Transcranial Stimulator", "Virtual Reality Headset", "Wearable Accelerometer", "Wound Dressing"}
	behaviors    = []string{"Acceptance and Commitment Therapy", "Breathing Exercises", "Cognitive Training", "Dietary Counselling", "Group Exercise Programme", "Mindfulness Sessions", "Motivational Interviewing", "Peer Support", "Sleep Hygiene Education", "Telephone Coaching"}
	procedures   = []string{"Arthroscopic Repair", "Blood Sampling", "Core Needle Biopsy", "Endoscopic Resection", "Erector Spinae Plane Block", "Laparoscopic Approach", "Lumbar Puncture", "Nerve Block", "Open Approach", "Percutaneous Drainage"}
	supplements  = []string{"Vitamin D3", "Omega-3 Fatty Acids", "Probiotic Blend", "Zinc Sulfate", "Creatine Monohydrate", "Iron Polymaltose"}
	diagnostics  = []string{"Whole-Body Imaging", "Point-of-Care Assay", "Plasma Biomarker Panel", "Spirometry", "Polysomnography", "Retinal Photography"}
	otherActions = []string{"Questionnaire Administration", "Observation", "Standard of Care", "Placebo", "placebo", "No intervention", "Data Collection", "Usual Care"}
)

// conditionStems with a qualifier before or behind make the conditions.
var conditionStems = []string{
	"Asthma", "Atrial Fibrillation", "Breast Cancer", "Bladder Cancer", "Chronic Kidney Disease", "Chronic Obstructive Pulmonary Disease",
	"Colorectal Cancer", "Crohn Disease", "Depression", "Diabetes Mellitus, Type 1", "Diabetes Mellitus, Type 2", "Epilepsy",
	"Fibromyalgia", "Gestational Diabetes", "Glaucoma", "Heart Failure", "Hepatitis B", "HIV Infections", "Hypertension",
	"Infertility", "Influenza", "Insomnia", "Iron Deficiency Anemia", "Low Back Pain", "Lung Cancer", "Lupus Nephritis",
	"Ménière's Disease", "Melanoma", "Migraine", "Multiple Sclerosis", "Myocardial Infarction", "Obesity", "Osteoarthritis, Knee",
	"Osteoporosis", "Overactive Bladder", "Ovarian Cancer", "Pancreatic Cancer", "Parkinson Disease", "Periodontitis", "Pneumonia",
	"Postoperative Pain", "Preeclampsia", "Prostate Cancer", "Psoriasis", "Rheumatoid Arthritis", "Schizophrenia", "Sepsis",
	"Sickle Cell Disease", "Sjögren's Syndrome", "Sleep Apnea", "Stroke", "Tuberculosis", "Ulcerative Colitis", "Urinary Incontinence",
}

var (
	conditionBefore = []string{"", "", "", "", "", "Acute ", "Advanced ", "Chronic ", "Early ", "Metastatic ", "Pediatric ", "Recurrent ", "Refractory ", "Severe "}
	conditionBehind = []string{"", "", "", "", "", "", "", " in Pregnancy", " With Complications", ", Relapsing", " (Stage III)", " of the Elderly", ", Familial"}
	keywords        = []string{
		"quality of life", "randomized", "biomarkers", "pain", "inflammation", "safety", "feasibility", "exercise", "adherence", "pharmacokinetics",
		"quality improvement", "screening", "rehabilitation", "immunotherapy", "telehealth", "frailty", "nutrition", "sleep", "fatigue", "caregivers",
		"β-blocker", "T-cell", "follow-up", "registry", "primary care", "surgery", "imaging", "anesthesia", "prevention", "education",
	}
)

// sponsorForms turn a town into an organisation. The form decides the class,
// so no name ever has two.
var sponsorForms = []struct{ before, behind, class string }{
	{"", " University Hospital", "OTHER"}, {"University of ", "", "OTHER"}, {"", " Medical Center", "OTHER"},
	{"Centre Hospitalier de ", "", "OTHER"}, {"Universitätsklinikum ", "", "OTHER"}, {"Hospital Clínico de ", "", "OTHER"},
	{"", " Pharmaceuticals", "INDUSTRY"}, {"", " Therapeutics, Inc.", "INDUSTRY"}, {"", " Biologics GmbH", "INDUSTRY"},
	{"", " Devices Ltd.", "INDUSTRY"}, {"Laboratorios ", " S.A.", "INDUSTRY"}, {"", " Bio Co., Ltd.", "INDUSTRY"},
	{"", " Cancer Institute", "OTHER"}, {"", " Research Foundation", "OTHER"}, {"Fondazione ", " ONLUS", "OTHER"},
	{"Ministry of Health, ", "", "OTHER_GOV"}, {"", " County Council", "OTHER_GOV"}, {"National Institute of ", " Disorders", "NIH"},
	{"", " Veterans Affairs Office", "FED"}, {"", " Oncology Group", "NETWORK"}, {"", " Cooperative Trials Network", "NETWORK"},
	{"Private Practice ", "", "INDIV"}, {"", " Regional Hospital Trust", "OTHER"}, {"", " Medical University", "OTHER"},
	{"", " Consortium", "UNKNOWN"}, {"", " Alliance (Dissolved)", "AMBIG"},
}

// sponsorCount is how many organisations there are.
var sponsorCount = len(sponsorForms) * len(townStarts) * len(townEnds)

// drawSponsor prefers some organisations to others, as the registry does:
// a few run hundreds of studies, most one.
func drawSponsor(d *dice) int {
	u := d.below(1 << 16)
	rank := u * u >> 16 * sponsorCount >> 16
	return rank * 2027 % sponsorCount // 2027 is prime: neighbours become strangers
}

func appendSponsor(dst []byte, sponsor int) (name []byte, class string) {
	form := sponsorForms[sponsor%len(sponsorForms)]
	sponsor /= len(sponsorForms)
	dst = append(dst, form.before...)
	dst = appendTown(dst, sponsor)
	return append(dst, form.behind...), form.class
}

func appendTown(dst []byte, town int) []byte {
	dst = append(dst, townStarts[town%len(townStarts)]...)
	return append(dst, townEnds[town/len(townStarts)%len(townEnds)]...)
}

func appendPerson(dst []byte, d *dice) []byte {
	dst = append(dst, d.pick(givenNames)...)
	if d.chance(300) {
		dst = append(dst, ' ', byte('A'+d.below(26)), '.')
	}
	dst = append(dst, ' ')
	dst = append(dst, d.pick(familyNames)...)
	return dst
}

func appendDrug(dst []byte, drug int) []byte {
	dst = append(dst, drugStarts[drug%len(drugStarts)]...)
	drug /= len(drugStarts)
	dst = append(dst, drugMiddles[drug%len(drugMiddles)]...)
	drug /= len(drugMiddles)
	return append(dst, drugEnds[drug%len(drugEnds)]...)
}

var drugCount = len(drugStarts) * len(drugMiddles) * len(drugEnds)
