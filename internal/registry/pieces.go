package registry

import "strings"

// A field is named by its piece (LeadSponsorName), by its path, whole or
// without protocolSection, or by the section or module that holds it
// (ProtocolSection, StatusModule). The tables below are the part of the
// registry's data structure that the sample knows.

// branches are sections and modules, which are pieces by their own name.
var branches = map[string]string{
	"": "protocolSection resultsSection derivedSection annotationSection documentSection hasResults",
	"protocolSection": "identificationModule statusModule sponsorCollaboratorsModule oversightModule descriptionModule conditionsModule " +
		"designModule armsInterventionsModule outcomesModule eligibilityModule contactsLocationsModule referencesModule ipdSharingStatementModule",
	"resultsSection": "participantFlowModule baselineCharacteristicsModule outcomeMeasuresModule adverseEventsModule moreInfoModule",
	"derivedSection": "miscInfoModule conditionBrowseModule interventionBrowseModule",
}

// pieces are the fields of each module: a path below the module, and the
// piece's name where it is not the path's last key.
var pieces = map[string]string{
	"protocolSection.identificationModule": "nctId=NCTId nctIdAliases=NCTIdAlias orgStudyIdInfo orgStudyIdInfo.id=OrgStudyId orgStudyIdInfo.type=OrgStudyIdType " +
		"secondaryIdInfos=SecondaryIdInfo secondaryIdInfos.id=SecondaryId secondaryIdInfos.type=SecondaryIdType secondaryIdInfos.domain=SecondaryIdDomain " +
		"briefTitle officialTitle acronym organization organization.fullName=OrgFullName organization.class=OrgClass",
	"protocolSection.statusModule": "statusVerifiedDate overallStatus lastKnownStatus whyStopped expandedAccessInfo " +
		"expandedAccessInfo.hasExpandedAccess=HasExpandedAccess expandedAccessInfo.nctId=ExpandedAccessNCTId " +
		"expandedAccessInfo.statusForNctId=ExpandedAccessStatusForNCTId startDateStruct startDateStruct.date=StartDate startDateStruct.type=StartDateType " +
		"primaryCompletionDateStruct primaryCompletionDateStruct.date=PrimaryCompletionDate primaryCompletionDateStruct.type=PrimaryCompletionDateType " +
		"completionDateStruct completionDateStruct.date=CompletionDate completionDateStruct.type=CompletionDateType studyFirstSubmitDate studyFirstSubmitQcDate=StudyFirstSubmitQCDate " +
		"studyFirstPostDateStruct studyFirstPostDateStruct.date=StudyFirstPostDate studyFirstPostDateStruct.type=StudyFirstPostDateType " +
		"resultsFirstSubmitDate resultsFirstSubmitQcDate=ResultsFirstSubmitQCDate resultsFirstPostDateStruct resultsFirstPostDateStruct.date=ResultsFirstPostDate " +
		"dispFirstSubmitDate dispFirstPostDateStruct dispFirstPostDateStruct.date=DispFirstPostDate lastUpdateSubmitDate " +
		"lastUpdatePostDateStruct lastUpdatePostDateStruct.date=LastUpdatePostDate lastUpdatePostDateStruct.type=LastUpdatePostDateType",
	"protocolSection.sponsorCollaboratorsModule": "responsibleParty responsibleParty.type=ResponsiblePartyType responsibleParty.investigatorFullName=ResponsiblePartyInvestigatorFullName " +
		"leadSponsor leadSponsor.name=LeadSponsorName leadSponsor.class=LeadSponsorClass " +
		"collaborators=Collaborator collaborators.name=CollaboratorName collaborators.class=CollaboratorClass",
	"protocolSection.oversightModule":   "oversightHasDmc=OversightHasDMC isFdaRegulatedDrug=IsFDARegulatedDrug isFdaRegulatedDevice=IsFDARegulatedDevice isUnapprovedDevice isUsExport=IsUSExport",
	"protocolSection.descriptionModule": "briefSummary detailedDescription",
	"protocolSection.conditionsModule":  "conditions=Condition keywords=Keyword",
	"protocolSection.designModule": "studyType phases=Phase patientRegistry targetDuration expandedAccessTypes designInfo designInfo.allocation=DesignAllocation " +
		"designInfo.interventionModel=DesignInterventionModel designInfo.interventionModelDescription=DesignInterventionModelDescription " +
		"designInfo.primaryPurpose=DesignPrimaryPurpose designInfo.observationalModel=DesignObservationalModel designInfo.timePerspective=DesignTimePerspective " +
		"designInfo.maskingInfo=DesignMaskingInfo designInfo.maskingInfo.masking=DesignMasking designInfo.maskingInfo.maskingDescription=DesignMaskingDescription " +
		"designInfo.maskingInfo.whoMasked=DesignWhoMasked bioSpec enrollmentInfo enrollmentInfo.count=EnrollmentCount enrollmentInfo.type=EnrollmentType",
	"protocolSection.armsInterventionsModule": "armGroups=ArmGroup armGroups.label=ArmGroupLabel armGroups.type=ArmGroupType armGroups.description=ArmGroupDescription " +
		"interventions=Intervention interventions.type=InterventionType interventions.name=InterventionName interventions.description=InterventionDescription " +
		"interventions.otherNames=InterventionOtherName interventions.armGroupLabels=InterventionArmGroupLabel",
	"protocolSection.outcomesModule": "primaryOutcomes=PrimaryOutcome primaryOutcomes.measure=PrimaryOutcomeMeasure primaryOutcomes.timeFrame=PrimaryOutcomeTimeFrame " +
		"secondaryOutcomes=SecondaryOutcome secondaryOutcomes.measure=SecondaryOutcomeMeasure otherOutcomes=OtherOutcome",
	"protocolSection.eligibilityModule": "eligibilityCriteria healthyVolunteers sex genderBased minimumAge maximumAge stdAges=StdAge studyPopulation samplingMethod",
	"protocolSection.contactsLocationsModule": "centralContacts=CentralContact overallOfficials=OverallOfficial overallOfficials.name=OverallOfficialName " +
		"locations=Location locations.facility=LocationFacility locations.status=LocationStatus locations.city=LocationCity locations.state=LocationState " +
		"locations.zip=LocationZip locations.country=LocationCountry locations.geoPoint=LocationGeoPoint",
	"protocolSection.referencesModule":          "references=Reference references.pmid=ReferencePMID references.citation=ReferenceCitation seeAlsoLinks=SeeAlsoLink",
	"protocolSection.ipdSharingStatementModule": "ipdSharing=IPDSharing",
	"derivedSection.miscInfoModule":             "versionHolder removedCountries=RemovedCountry",
	"derivedSection.conditionBrowseModule":      "meshes=ConditionMesh ancestors=ConditionAncestor",
	"derivedSection.interventionBrowseModule":   "meshes=InterventionMesh ancestors=InterventionAncestor",
}

// fieldPaths leads from every name a field has to its path.
var fieldPaths = func() map[string]string {
	paths := map[string]string{}
	for parent, names := range branches {
		for _, name := range strings.Fields(names) {
			path := strings.TrimPrefix(parent+"."+name, ".")
			paths[path], paths[name], paths[pieceOf(name)] = path, path, path
			paths[strings.TrimPrefix(path, "protocolSection.")] = path
		}
	}
	for module, fields := range pieces {
		for _, field := range strings.Fields(fields) {
			below, piece, named := strings.Cut(field, "=")
			if !named {
				piece = pieceOf(below)
			}
			path := module + "." + below
			paths[path], paths[piece] = path, path
			paths[strings.TrimPrefix(path, "protocolSection.")] = path
		}
	}
	return paths
}()

// pieceOf is the usual name of a piece: its key with a capital.
func pieceOf(key string) string { return strings.ToUpper(key[:1]) + key[1:] }

func pathOf(name string) (string, bool) {
	path, ok := fieldPaths[strings.ReplaceAll(name, "[]", "")]
	return path, ok
}
