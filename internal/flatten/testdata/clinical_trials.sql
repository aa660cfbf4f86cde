-- prepare
create or replace temp table flatten_records as
with lake as (
    select
        nullif(nct_id, '') as nct_id,
        page,
        position,
        nullif(problem, '') as problem,
        case when coalesce(problem, '') = '' then study end as study,
        "content_hash"
    from read_parquet('it''s/studies.parquet')
),
-- Text that is no JSON gives null here instead of ending the load.
parsed as (
    select
        * exclude (study),
        try(from_json(study, '{"protocolSection": {"identificationModule": {"nctId": "VARCHAR", "orgStudyIdInfo": {"id": "VARCHAR"}, "briefTitle": "VARCHAR", "officialTitle": "VARCHAR", "acronym": "VARCHAR"}, "descriptionModule": {"briefSummary": "VARCHAR", "detailedDescription": "VARCHAR"}, "statusModule": {"overallStatus": "VARCHAR", "lastKnownStatus": "VARCHAR", "whyStopped": "VARCHAR", "statusVerifiedDate": "VARCHAR", "startDateStruct": {"date": "VARCHAR", "type": "VARCHAR"}, "primaryCompletionDateStruct": {"date": "VARCHAR", "type": "VARCHAR"}, "completionDateStruct": {"date": "VARCHAR", "type": "VARCHAR"}, "studyFirstPostDateStruct": {"date": "VARCHAR"}, "lastUpdatePostDateStruct": {"date": "VARCHAR"}, "expandedAccessInfo": {"hasExpandedAccess": "BOOLEAN"}}, "designModule": {"studyType": "VARCHAR", "phases": ["JSON"], "designInfo": {"allocation": "VARCHAR", "interventionModel": "VARCHAR", "primaryPurpose": "VARCHAR", "observationalModel": "VARCHAR", "timePerspective": "VARCHAR", "maskingInfo": {"masking": "VARCHAR", "maskingDescription": "VARCHAR"}}, "patientRegistry": "BOOLEAN", "targetDuration": "VARCHAR", "enrollmentInfo": {"count": "BIGINT", "type": "VARCHAR"}}, "eligibilityModule": {"eligibilityCriteria": "VARCHAR", "healthyVolunteers": "BOOLEAN", "sex": "VARCHAR", "minimumAge": "VARCHAR", "maximumAge": "VARCHAR"}, "oversightModule": {"oversightHasDmc": "BOOLEAN", "isFdaRegulatedDrug": "BOOLEAN", "isFdaRegulatedDevice": "BOOLEAN"}, "sponsorCollaboratorsModule": {"leadSponsor": "JSON", "collaborators": ["JSON"]}, "conditionsModule": {"conditions": ["JSON"]}, "armsInterventionsModule": {"interventions": ["JSON"]}, "contactsLocationsModule": {"locations": ["JSON"]}}, "hasResults": "BOOLEAN"}')) as body,
        try(json_type(study, ['$', '$.protocolSection', '$.protocolSection.identificationModule', '$.protocolSection.identificationModule.nctId', '$.protocolSection.identificationModule.orgStudyIdInfo', '$.protocolSection.identificationModule.orgStudyIdInfo.id', '$.protocolSection.identificationModule.briefTitle', '$.protocolSection.identificationModule.officialTitle', '$.protocolSection.identificationModule.acronym', '$.protocolSection.descriptionModule', '$.protocolSection.descriptionModule.briefSummary', '$.protocolSection.descriptionModule.detailedDescription', '$.protocolSection.statusModule', '$.protocolSection.statusModule.overallStatus', '$.protocolSection.statusModule.lastKnownStatus', '$.protocolSection.statusModule.whyStopped', '$.protocolSection.statusModule.statusVerifiedDate', '$.protocolSection.designModule', '$.protocolSection.designModule.studyType', '$.protocolSection.designModule.phases', '$.protocolSection.designModule.designInfo', '$.protocolSection.designModule.designInfo.allocation', '$.protocolSection.designModule.designInfo.interventionModel', '$.protocolSection.designModule.designInfo.primaryPurpose', '$.protocolSection.designModule.designInfo.observationalModel', '$.protocolSection.designModule.designInfo.timePerspective', '$.protocolSection.designModule.designInfo.maskingInfo', '$.protocolSection.designModule.designInfo.maskingInfo.masking', '$.protocolSection.designModule.designInfo.maskingInfo.maskingDescription', '$.protocolSection.designModule.patientRegistry', '$.protocolSection.designModule.targetDuration', '$.protocolSection.designModule.enrollmentInfo', '$.protocolSection.designModule.enrollmentInfo.count', '$.protocolSection.designModule.enrollmentInfo.type', '$.protocolSection.eligibilityModule', '$.protocolSection.eligibilityModule.eligibilityCriteria', '$.protocolSection.eligibilityModule.healthyVolunteers', '$.protocolSection.eligibilityModule.sex', '$.protocolSection.eligibilityModule.minimumAge', '$.protocolSection.eligibilityModule.maximumAge', '$.protocolSection.statusModule.startDateStruct', '$.protocolSection.statusModule.startDateStruct.date', '$.protocolSection.statusModule.startDateStruct.type', '$.protocolSection.statusModule.primaryCompletionDateStruct', '$.protocolSection.statusModule.primaryCompletionDateStruct.date', '$.protocolSection.statusModule.primaryCompletionDateStruct.type', '$.protocolSection.statusModule.completionDateStruct', '$.protocolSection.statusModule.completionDateStruct.date', '$.protocolSection.statusModule.completionDateStruct.type', '$.protocolSection.statusModule.studyFirstPostDateStruct', '$.protocolSection.statusModule.studyFirstPostDateStruct.date', '$.protocolSection.statusModule.lastUpdatePostDateStruct', '$.protocolSection.statusModule.lastUpdatePostDateStruct.date', '$.protocolSection.statusModule.expandedAccessInfo', '$.protocolSection.statusModule.expandedAccessInfo.hasExpandedAccess', '$.protocolSection.oversightModule', '$.protocolSection.oversightModule.oversightHasDmc', '$.protocolSection.oversightModule.isFdaRegulatedDrug', '$.protocolSection.oversightModule.isFdaRegulatedDevice', '$.hasResults', '$.protocolSection.sponsorCollaboratorsModule', '$.protocolSection.sponsorCollaboratorsModule.leadSponsor', '$.protocolSection.sponsorCollaboratorsModule.collaborators', '$.protocolSection.conditionsModule', '$.protocolSection.conditionsModule.conditions', '$.protocolSection.armsInterventionsModule', '$.protocolSection.armsInterventionsModule.interventions', '$.protocolSection.contactsLocationsModule', '$.protocolSection.contactsLocationsModule.locations'])) as kinds,
        contains(study::varchar, '\u0000') as has_nul
    from lake
),
compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('OBJECT', 'NULL') then 2
            when kinds[3] not in ('OBJECT', 'NULL') then 3
            when kinds[4] not in ('VARCHAR', 'NULL') then 4
            when kinds[5] not in ('OBJECT', 'NULL') then 5
            when kinds[6] not in ('VARCHAR', 'NULL') then 6
            when kinds[7] not in ('VARCHAR', 'NULL') then 7
            when kinds[8] not in ('VARCHAR', 'NULL') then 8
            when kinds[9] not in ('VARCHAR', 'NULL') then 9
            when kinds[10] not in ('OBJECT', 'NULL') then 10
            when kinds[11] not in ('VARCHAR', 'NULL') then 11
            when kinds[12] not in ('VARCHAR', 'NULL') then 12
            when kinds[13] not in ('OBJECT', 'NULL') then 13
            when kinds[14] not in ('VARCHAR', 'NULL') then 14
            when kinds[15] not in ('VARCHAR', 'NULL') then 15
            when kinds[16] not in ('VARCHAR', 'NULL') then 16
            when kinds[17] not in ('VARCHAR', 'NULL') then 17
            when kinds[18] not in ('OBJECT', 'NULL') then 18
            when kinds[19] not in ('VARCHAR', 'NULL') then 19
            when kinds[20] not in ('ARRAY', 'NULL') then 20
            when kinds[21] not in ('OBJECT', 'NULL') then 21
            when kinds[22] not in ('VARCHAR', 'NULL') then 22
            when kinds[23] not in ('VARCHAR', 'NULL') then 23
            when kinds[24] not in ('VARCHAR', 'NULL') then 24
            when kinds[25] not in ('VARCHAR', 'NULL') then 25
            when kinds[26] not in ('VARCHAR', 'NULL') then 26
            when kinds[27] not in ('OBJECT', 'NULL') then 27
            when kinds[28] not in ('VARCHAR', 'NULL') then 28
            when kinds[29] not in ('VARCHAR', 'NULL') then 29
            when kinds[30] not in ('BOOLEAN', 'NULL') then 30
            when kinds[31] not in ('VARCHAR', 'NULL') then 31
            when kinds[32] not in ('OBJECT', 'NULL') then 32
            when kinds[33] not in ('BIGINT', 'UBIGINT', 'NULL') then 33
            when kinds[34] not in ('VARCHAR', 'NULL') then 34
            when kinds[35] not in ('OBJECT', 'NULL') then 35
            when kinds[36] not in ('VARCHAR', 'NULL') then 36
            when kinds[37] not in ('BOOLEAN', 'NULL') then 37
            when kinds[38] not in ('VARCHAR', 'NULL') then 38
            when kinds[39] not in ('VARCHAR', 'NULL') then 39
            when kinds[40] not in ('VARCHAR', 'NULL') then 40
            when kinds[41] not in ('OBJECT', 'NULL') then 41
            when kinds[42] not in ('VARCHAR', 'NULL') then 42
            when kinds[43] not in ('VARCHAR', 'NULL') then 43
            when kinds[44] not in ('OBJECT', 'NULL') then 44
            when kinds[45] not in ('VARCHAR', 'NULL') then 45
            when kinds[46] not in ('VARCHAR', 'NULL') then 46
            when kinds[47] not in ('OBJECT', 'NULL') then 47
            when kinds[48] not in ('VARCHAR', 'NULL') then 48
            when kinds[49] not in ('VARCHAR', 'NULL') then 49
            when kinds[50] not in ('OBJECT', 'NULL') then 50
            when kinds[51] not in ('VARCHAR', 'NULL') then 51
            when kinds[52] not in ('OBJECT', 'NULL') then 52
            when kinds[53] not in ('VARCHAR', 'NULL') then 53
            when kinds[54] not in ('OBJECT', 'NULL') then 54
            when kinds[55] not in ('BOOLEAN', 'NULL') then 55
            when kinds[56] not in ('OBJECT', 'NULL') then 56
            when kinds[57] not in ('BOOLEAN', 'NULL') then 57
            when kinds[58] not in ('BOOLEAN', 'NULL') then 58
            when kinds[59] not in ('BOOLEAN', 'NULL') then 59
            when kinds[60] not in ('BOOLEAN', 'NULL') then 60
            when kinds[61] not in ('OBJECT', 'NULL') then 61
            when kinds[62] not in ('OBJECT', 'NULL') then 62
            when kinds[63] not in ('ARRAY', 'NULL') then 63
            when kinds[64] not in ('OBJECT', 'NULL') then 64
            when kinds[65] not in ('ARRAY', 'NULL') then 65
            when kinds[66] not in ('OBJECT', 'NULL') then 66
            when kinds[67] not in ('ARRAY', 'NULL') then 67
            when kinds[68] not in ('OBJECT', 'NULL') then 68
            when kinds[69] not in ('ARRAY', 'NULL') then 69
        end as failed
    from parsed
)
select
    * exclude (problem, kinds, failed, has_nul),
    coalesce(
        problem,
        case when kinds is null then 'the study: wants JSON, found text that does not parse' end,
        case when failed is not null then ['the record', 'protocolSection', 'protocolSection.identificationModule', 'protocolSection.identificationModule.nctId', 'protocolSection.identificationModule.orgStudyIdInfo', 'protocolSection.identificationModule.orgStudyIdInfo.id', 'protocolSection.identificationModule.briefTitle', 'protocolSection.identificationModule.officialTitle', 'protocolSection.identificationModule.acronym', 'protocolSection.descriptionModule', 'protocolSection.descriptionModule.briefSummary', 'protocolSection.descriptionModule.detailedDescription', 'protocolSection.statusModule', 'protocolSection.statusModule.overallStatus', 'protocolSection.statusModule.lastKnownStatus', 'protocolSection.statusModule.whyStopped', 'protocolSection.statusModule.statusVerifiedDate', 'protocolSection.designModule', 'protocolSection.designModule.studyType', 'protocolSection.designModule.phases', 'protocolSection.designModule.designInfo', 'protocolSection.designModule.designInfo.allocation', 'protocolSection.designModule.designInfo.interventionModel', 'protocolSection.designModule.designInfo.primaryPurpose', 'protocolSection.designModule.designInfo.observationalModel', 'protocolSection.designModule.designInfo.timePerspective', 'protocolSection.designModule.designInfo.maskingInfo', 'protocolSection.designModule.designInfo.maskingInfo.masking', 'protocolSection.designModule.designInfo.maskingInfo.maskingDescription', 'protocolSection.designModule.patientRegistry', 'protocolSection.designModule.targetDuration', 'protocolSection.designModule.enrollmentInfo', 'protocolSection.designModule.enrollmentInfo.count', 'protocolSection.designModule.enrollmentInfo.type', 'protocolSection.eligibilityModule', 'protocolSection.eligibilityModule.eligibilityCriteria', 'protocolSection.eligibilityModule.healthyVolunteers', 'protocolSection.eligibilityModule.sex', 'protocolSection.eligibilityModule.minimumAge', 'protocolSection.eligibilityModule.maximumAge', 'protocolSection.statusModule.startDateStruct', 'protocolSection.statusModule.startDateStruct.date', 'protocolSection.statusModule.startDateStruct.type', 'protocolSection.statusModule.primaryCompletionDateStruct', 'protocolSection.statusModule.primaryCompletionDateStruct.date', 'protocolSection.statusModule.primaryCompletionDateStruct.type', 'protocolSection.statusModule.completionDateStruct', 'protocolSection.statusModule.completionDateStruct.date', 'protocolSection.statusModule.completionDateStruct.type', 'protocolSection.statusModule.studyFirstPostDateStruct', 'protocolSection.statusModule.studyFirstPostDateStruct.date', 'protocolSection.statusModule.lastUpdatePostDateStruct', 'protocolSection.statusModule.lastUpdatePostDateStruct.date', 'protocolSection.statusModule.expandedAccessInfo', 'protocolSection.statusModule.expandedAccessInfo.hasExpandedAccess', 'protocolSection.oversightModule', 'protocolSection.oversightModule.oversightHasDmc', 'protocolSection.oversightModule.isFdaRegulatedDrug', 'protocolSection.oversightModule.isFdaRegulatedDevice', 'hasResults', 'protocolSection.sponsorCollaboratorsModule', 'protocolSection.sponsorCollaboratorsModule.leadSponsor', 'protocolSection.sponsorCollaboratorsModule.collaborators', 'protocolSection.conditionsModule', 'protocolSection.conditionsModule.conditions', 'protocolSection.armsInterventionsModule', 'protocolSection.armsInterventionsModule.interventions', 'protocolSection.contactsLocationsModule', 'protocolSection.contactsLocationsModule.locations'][failed] || ': wants ' || ['an object', 'an object', 'an object', 'text', 'an object', 'text', 'text', 'text', 'text', 'an object', 'text', 'text', 'an object', 'text', 'text', 'text', 'text', 'an object', 'text', 'a list', 'an object', 'text', 'text', 'text', 'text', 'text', 'an object', 'text', 'text', 'true or false', 'text', 'an object', 'a 64-bit integer', 'text', 'an object', 'text', 'true or false', 'text', 'text', 'text', 'an object', 'text', 'text', 'an object', 'text', 'text', 'an object', 'text', 'text', 'an object', 'text', 'an object', 'text', 'an object', 'true or false', 'an object', 'true or false', 'true or false', 'true or false', 'true or false', 'an object', 'an object', 'a list', 'an object', 'a list', 'an object', 'a list', 'an object', 'a list'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
        case when has_nul then case when contains(body."protocolSection"."identificationModule"."nctId", chr(0)) then 'protocolSection.identificationModule.nctId' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."identificationModule"."orgStudyIdInfo"."id", chr(0)) then 'protocolSection.identificationModule.orgStudyIdInfo.id' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."identificationModule"."briefTitle", chr(0)) then 'protocolSection.identificationModule.briefTitle' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."identificationModule"."officialTitle", chr(0)) then 'protocolSection.identificationModule.officialTitle' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."identificationModule"."acronym", chr(0)) then 'protocolSection.identificationModule.acronym' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."descriptionModule"."briefSummary", chr(0)) then 'protocolSection.descriptionModule.briefSummary' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."descriptionModule"."detailedDescription", chr(0)) then 'protocolSection.descriptionModule.detailedDescription' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."overallStatus", chr(0)) then 'protocolSection.statusModule.overallStatus' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."lastKnownStatus", chr(0)) then 'protocolSection.statusModule.lastKnownStatus' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."whyStopped", chr(0)) then 'protocolSection.statusModule.whyStopped' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."statusVerifiedDate", chr(0)) then 'protocolSection.statusModule.statusVerifiedDate' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."studyType", chr(0)) then 'protocolSection.designModule.studyType' || ': wants text, found a NUL character in it' when contains(case when len(body."protocolSection"."designModule"."phases") > 0 then array_to_string(list_transform(body."protocolSection"."designModule"."phases", lambda e: e ->> '$'), '/') end, chr(0)) then 'protocolSection.designModule.phases' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."designInfo"."allocation", chr(0)) then 'protocolSection.designModule.designInfo.allocation' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."designInfo"."interventionModel", chr(0)) then 'protocolSection.designModule.designInfo.interventionModel' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."designInfo"."primaryPurpose", chr(0)) then 'protocolSection.designModule.designInfo.primaryPurpose' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."designInfo"."observationalModel", chr(0)) then 'protocolSection.designModule.designInfo.observationalModel' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."designInfo"."timePerspective", chr(0)) then 'protocolSection.designModule.designInfo.timePerspective' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."designInfo"."maskingInfo"."masking", chr(0)) then 'protocolSection.designModule.designInfo.maskingInfo.masking' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."designInfo"."maskingInfo"."maskingDescription", chr(0)) then 'protocolSection.designModule.designInfo.maskingInfo.maskingDescription' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."targetDuration", chr(0)) then 'protocolSection.designModule.targetDuration' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."designModule"."enrollmentInfo"."type", chr(0)) then 'protocolSection.designModule.enrollmentInfo.type' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."eligibilityModule"."eligibilityCriteria", chr(0)) then 'protocolSection.eligibilityModule.eligibilityCriteria' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."eligibilityModule"."sex", chr(0)) then 'protocolSection.eligibilityModule.sex' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."eligibilityModule"."minimumAge", chr(0)) then 'protocolSection.eligibilityModule.minimumAge' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."eligibilityModule"."maximumAge", chr(0)) then 'protocolSection.eligibilityModule.maximumAge' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."startDateStruct"."date", chr(0)) then 'protocolSection.statusModule.startDateStruct.date' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."startDateStruct"."type", chr(0)) then 'protocolSection.statusModule.startDateStruct.type' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."primaryCompletionDateStruct"."date", chr(0)) then 'protocolSection.statusModule.primaryCompletionDateStruct.date' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."primaryCompletionDateStruct"."type", chr(0)) then 'protocolSection.statusModule.primaryCompletionDateStruct.type' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."completionDateStruct"."date", chr(0)) then 'protocolSection.statusModule.completionDateStruct.date' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."completionDateStruct"."type", chr(0)) then 'protocolSection.statusModule.completionDateStruct.type' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."studyFirstPostDateStruct"."date", chr(0)) then 'protocolSection.statusModule.studyFirstPostDateStruct.date' || ': wants text, found a NUL character in it' when contains(body."protocolSection"."statusModule"."lastUpdatePostDateStruct"."date", chr(0)) then 'protocolSection.statusModule.lastUpdatePostDateStruct.date' || ': wants text, found a NUL character in it' end end,
        case when body."protocolSection"."identificationModule"."nctId" is null then 'protocolSection.identificationModule.nctId' || ': is required, and absent' when not regexp_matches(body."protocolSection"."identificationModule"."nctId", '^NCT[0-9]{8}$') then 'protocolSection.identificationModule.nctId' || ': wants text like ^NCT[0-9]{8}$, found ' || left(body."protocolSection"."identificationModule"."nctId", 40) when nct_id is distinct from body."protocolSection"."identificationModule"."nctId" then 'protocolSection.identificationModule.nctId: is not the identity that the lake has' when list_position(list_transform(body."protocolSection"."designModule"."phases", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) is not null then 'protocolSection.designModule.phases' || '[' || (list_position(list_transform(body."protocolSection"."designModule"."phases", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) - 1) || ']: wants text, found ' || case coalesce(json_type(body."protocolSection"."designModule"."phases"[list_position(list_transform(body."protocolSection"."designModule"."phases", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true)]), 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end when kinds[33] = 'UBIGINT' and body."protocolSection"."designModule"."enrollmentInfo"."count" is null then 'protocolSection.designModule.enrollmentInfo.count' || ': wants a 64-bit integer, found a larger number' end
    ) as reason
from compared;

-- prepare
create or replace temp table flatten_rejected as
with record_reasons as (
    select page, position, 0 as part, 0 as index, reason
    from temp.flatten_records
    where reason is not null
),
part_1_elements as (
    select
        page,
        position,
        unnest([body."protocolSection"."sponsorCollaboratorsModule"."leadSponsor"]) as element,
        generate_subscripts([body."protocolSection"."sponsorCollaboratorsModule"."leadSponsor"], 1) - 1 as index
    from temp.flatten_records
    where reason is null and body."protocolSection"."sponsorCollaboratorsModule"."leadSponsor" is not null
),
part_1_read as (
    select
        *,
        from_json(element, '{"name": "VARCHAR", "class": "VARCHAR"}') as body,
        json_type(element, ['$', '$.name', '$.class']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_1_elements
    where element is distinct from '{}'
),
part_1_compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('VARCHAR', 'NULL') then 2
            when kinds[3] not in ('VARCHAR', 'NULL') then 3
        end as failed
    from part_1_read
),
part_1_judged as (
    select
        page,
        position,
        1 as part,
        index,
        coalesce(
            case when element is null then 'protocolSection.sponsorCollaboratorsModule.leadSponsor' || '' || ': wants an object, found null' end,
            case when failed is not null then 'protocolSection.sponsorCollaboratorsModule.leadSponsor' || ['', '.name', '.class'][failed] || ': wants ' || ['an object', 'text', 'text'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body."name", chr(0)) then 'protocolSection.sponsorCollaboratorsModule.leadSponsor' || '.name' || ': wants text, found a NUL character in it' when contains(body."class", chr(0)) then 'protocolSection.sponsorCollaboratorsModule.leadSponsor' || '.class' || ': wants text, found a NUL character in it' end end
        ) as reason
    from part_1_compared
),
part_1_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_1_judged
),
part_2_elements as (
    select
        page,
        position,
        unnest(body."protocolSection"."sponsorCollaboratorsModule"."collaborators") as element,
        generate_subscripts(body."protocolSection"."sponsorCollaboratorsModule"."collaborators", 1) - 1 as index
    from temp.flatten_records
    where reason is null
),
part_2_read as (
    select
        *,
        from_json(element, '{"name": "VARCHAR", "class": "VARCHAR"}') as body,
        json_type(element, ['$', '$.name', '$.class']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_2_elements
    where element is distinct from '{}'
),
part_2_compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('VARCHAR', 'NULL') then 2
            when kinds[3] not in ('VARCHAR', 'NULL') then 3
        end as failed
    from part_2_read
),
part_2_judged as (
    select
        page,
        position,
        2 as part,
        index,
        coalesce(
            case when element is null then 'protocolSection.sponsorCollaboratorsModule.collaborators[' || index || ']' || '' || ': wants an object, found null' end,
            case when failed is not null then 'protocolSection.sponsorCollaboratorsModule.collaborators[' || index || ']' || ['', '.name', '.class'][failed] || ': wants ' || ['an object', 'text', 'text'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body."name", chr(0)) then 'protocolSection.sponsorCollaboratorsModule.collaborators[' || index || ']' || '.name' || ': wants text, found a NUL character in it' when contains(body."class", chr(0)) then 'protocolSection.sponsorCollaboratorsModule.collaborators[' || index || ']' || '.class' || ': wants text, found a NUL character in it' end end
        ) as reason
    from part_2_compared
),
part_2_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_2_judged
),
part_3_elements as (
    select
        page,
        position,
        unnest(body."protocolSection"."conditionsModule"."conditions") as element,
        generate_subscripts(body."protocolSection"."conditionsModule"."conditions", 1) - 1 as index
    from temp.flatten_records
    where reason is null
),
part_3_read as (
    select
        *,
        from_json(element, '"VARCHAR"') as body,
        json_type(element, ['$']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_3_elements
),
part_3_compared as (
    select
        *,
        case
            when kinds[1] not in ('VARCHAR') then 1
        end as failed
    from part_3_read
),
part_3_judged as (
    select
        page,
        position,
        3 as part,
        index,
        coalesce(
            case when element is null then 'protocolSection.conditionsModule.conditions[' || index || ']' || '' || ': wants text, found null' end,
            case when failed is not null then 'protocolSection.conditionsModule.conditions[' || index || ']' || [''][failed] || ': wants ' || ['text'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body, chr(0)) then 'protocolSection.conditionsModule.conditions[' || index || ']' || '' || ': wants text, found a NUL character in it' end end
        ) as reason
    from part_3_compared
),
part_3_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_3_judged
),
part_4_elements as (
    select
        page,
        position,
        unnest(body."protocolSection"."armsInterventionsModule"."interventions") as element,
        generate_subscripts(body."protocolSection"."armsInterventionsModule"."interventions", 1) - 1 as index
    from temp.flatten_records
    where reason is null
),
part_4_read as (
    select
        *,
        from_json(element, '{"type": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR"}') as body,
        json_type(element, ['$', '$.type', '$.name', '$.description']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_4_elements
    where element is distinct from '{}'
),
part_4_compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('VARCHAR', 'NULL') then 2
            when kinds[3] not in ('VARCHAR', 'NULL') then 3
            when kinds[4] not in ('VARCHAR', 'NULL') then 4
        end as failed
    from part_4_read
),
part_4_judged as (
    select
        page,
        position,
        4 as part,
        index,
        coalesce(
            case when element is null then 'protocolSection.armsInterventionsModule.interventions[' || index || ']' || '' || ': wants an object, found null' end,
            case when failed is not null then 'protocolSection.armsInterventionsModule.interventions[' || index || ']' || ['', '.type', '.name', '.description'][failed] || ': wants ' || ['an object', 'text', 'text', 'text'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body."type", chr(0)) then 'protocolSection.armsInterventionsModule.interventions[' || index || ']' || '.type' || ': wants text, found a NUL character in it' when contains(body."name", chr(0)) then 'protocolSection.armsInterventionsModule.interventions[' || index || ']' || '.name' || ': wants text, found a NUL character in it' when contains(body."description", chr(0)) then 'protocolSection.armsInterventionsModule.interventions[' || index || ']' || '.description' || ': wants text, found a NUL character in it' end end
        ) as reason
    from part_4_compared
),
part_4_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_4_judged
),
part_5_elements as (
    select
        page,
        position,
        unnest(body."protocolSection"."contactsLocationsModule"."locations") as element,
        generate_subscripts(body."protocolSection"."contactsLocationsModule"."locations", 1) - 1 as index
    from temp.flatten_records
    where reason is null
),
part_5_read as (
    select
        *,
        from_json(element, '{"facility": "VARCHAR", "status": "VARCHAR", "city": "VARCHAR", "state": "VARCHAR", "zip": "VARCHAR", "country": "VARCHAR", "geoPoint": {"lat": "DOUBLE", "lon": "DOUBLE"}}') as body,
        json_type(element, ['$', '$.facility', '$.status', '$.city', '$.state', '$.zip', '$.country', '$.geoPoint', '$.geoPoint.lat', '$.geoPoint.lon']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_5_elements
    where element is distinct from '{}'
),
part_5_compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('VARCHAR', 'NULL') then 2
            when kinds[3] not in ('VARCHAR', 'NULL') then 3
            when kinds[4] not in ('VARCHAR', 'NULL') then 4
            when kinds[5] not in ('VARCHAR', 'NULL') then 5
            when kinds[6] not in ('VARCHAR', 'NULL') then 6
            when kinds[7] not in ('VARCHAR', 'NULL') then 7
            when kinds[8] not in ('OBJECT', 'NULL') then 8
            when kinds[9] not in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT', 'NULL') then 9
            when kinds[10] not in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT', 'NULL') then 10
        end as failed
    from part_5_read
),
part_5_judged as (
    select
        page,
        position,
        5 as part,
        index,
        coalesce(
            case when element is null then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '' || ': wants an object, found null' end,
            case when failed is not null then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || ['', '.facility', '.status', '.city', '.state', '.zip', '.country', '.geoPoint', '.geoPoint.lat', '.geoPoint.lon'][failed] || ': wants ' || ['an object', 'text', 'text', 'text', 'text', 'text', 'text', 'an object', 'a number', 'a number'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body."facility", chr(0)) then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '.facility' || ': wants text, found a NUL character in it' when contains(body."status", chr(0)) then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '.status' || ': wants text, found a NUL character in it' when contains(body."city", chr(0)) then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '.city' || ': wants text, found a NUL character in it' when contains(body."state", chr(0)) then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '.state' || ': wants text, found a NUL character in it' when contains(body."zip", chr(0)) then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '.zip' || ': wants text, found a NUL character in it' when contains(body."country", chr(0)) then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '.country' || ': wants text, found a NUL character in it' end end,
            case when kinds[9] in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT') and not coalesce(isfinite(body."geoPoint"."lat"), false) then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '.geoPoint.lat' || ': wants a finite number, found one out of range' when kinds[10] in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT') and not coalesce(isfinite(body."geoPoint"."lon"), false) then 'protocolSection.contactsLocationsModule.locations[' || index || ']' || '.geoPoint.lon' || ': wants a finite number, found one out of range' end
        ) as reason
    from part_5_compared
),
part_5_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_5_judged
),
reasons as (
    select * from record_reasons
    union all
    select * from part_1_reasons
    union all
    select * from part_2_reasons
    union all
    select * from part_3_reasons
    union all
    select * from part_4_reasons
    union all
    select * from part_5_reasons
)
select page, position, arg_min(reason, (part, index)) as reason
from reasons
group by page, position;

-- studies
select
    records.nct_id as "nct_id",
    records.body."protocolSection"."identificationModule"."orgStudyIdInfo"."id" as "org_study_id",
    records.body."protocolSection"."identificationModule"."briefTitle" as "brief_title",
    records.body."protocolSection"."identificationModule"."officialTitle" as "official_title",
    records.body."protocolSection"."identificationModule"."acronym" as "acronym",
    records.body."protocolSection"."descriptionModule"."briefSummary" as "brief_summary",
    records.body."protocolSection"."descriptionModule"."detailedDescription" as "detailed_description",
    records.body."protocolSection"."statusModule"."overallStatus" as "overall_status",
    records.body."protocolSection"."statusModule"."lastKnownStatus" as "last_known_status",
    records.body."protocolSection"."statusModule"."whyStopped" as "why_stopped",
    records.body."protocolSection"."statusModule"."statusVerifiedDate" as "status_verified_date",
    records.body."protocolSection"."designModule"."studyType" as "study_type",
    case when len(records.body."protocolSection"."designModule"."phases") > 0 then array_to_string(list_transform(records.body."protocolSection"."designModule"."phases", lambda e: e ->> '$'), '/') end as "phases",
    records.body."protocolSection"."designModule"."designInfo"."allocation" as "allocation",
    records.body."protocolSection"."designModule"."designInfo"."interventionModel" as "intervention_model",
    records.body."protocolSection"."designModule"."designInfo"."primaryPurpose" as "primary_purpose",
    records.body."protocolSection"."designModule"."designInfo"."observationalModel" as "observational_model",
    records.body."protocolSection"."designModule"."designInfo"."timePerspective" as "time_perspective",
    records.body."protocolSection"."designModule"."designInfo"."maskingInfo"."masking" as "masking",
    records.body."protocolSection"."designModule"."designInfo"."maskingInfo"."maskingDescription" as "masking_description",
    records.body."protocolSection"."designModule"."patientRegistry" as "patient_registry",
    records.body."protocolSection"."designModule"."targetDuration" as "target_duration",
    records.body."protocolSection"."designModule"."enrollmentInfo"."count" as "enrollment_count",
    records.body."protocolSection"."designModule"."enrollmentInfo"."type" as "enrollment_type",
    records.body."protocolSection"."eligibilityModule"."eligibilityCriteria" as "eligibility_criteria",
    records.body."protocolSection"."eligibilityModule"."healthyVolunteers" as "healthy_volunteers",
    records.body."protocolSection"."eligibilityModule"."sex" as "sex",
    records.body."protocolSection"."eligibilityModule"."minimumAge" as "minimum_age",
    records.body."protocolSection"."eligibilityModule"."maximumAge" as "maximum_age",
    records.body."protocolSection"."statusModule"."startDateStruct"."date" as "start_date",
    records.body."protocolSection"."statusModule"."startDateStruct"."type" as "start_date_type",
    records.body."protocolSection"."statusModule"."primaryCompletionDateStruct"."date" as "primary_completion_date",
    records.body."protocolSection"."statusModule"."primaryCompletionDateStruct"."type" as "primary_completion_date_type",
    records.body."protocolSection"."statusModule"."completionDateStruct"."date" as "completion_date",
    records.body."protocolSection"."statusModule"."completionDateStruct"."type" as "completion_date_type",
    records.body."protocolSection"."statusModule"."studyFirstPostDateStruct"."date" as "study_first_post_date",
    records.body."protocolSection"."statusModule"."lastUpdatePostDateStruct"."date" as "source_last_updated_date",
    records.body."protocolSection"."statusModule"."expandedAccessInfo"."hasExpandedAccess" as "has_expanded_access",
    records.body."protocolSection"."oversightModule"."oversightHasDmc" as "has_dmc",
    records.body."protocolSection"."oversightModule"."isFdaRegulatedDrug" as "is_fda_regulated_drug",
    records.body."protocolSection"."oversightModule"."isFdaRegulatedDevice" as "is_fda_regulated_device",
    records.body."hasResults" as "has_results",
    records."content_hash" as "content_hash"
from temp.flatten_records as records
anti join temp.flatten_rejected as rejected
    on records.page = rejected.page and records.position = rejected.position;

-- study_sponsors
with listed as (
    select
        records.nct_id,
        case when records.body."protocolSection"."sponsorCollaboratorsModule"."leadSponsor" <> '{}' then [records.body."protocolSection"."sponsorCollaboratorsModule"."leadSponsor"] else [] end
            || coalesce(list_filter(records.body."protocolSection"."sponsorCollaboratorsModule"."collaborators", lambda e: e <> '{}'), []) as elements,
        coalesce(len(case when records.body."protocolSection"."sponsorCollaboratorsModule"."leadSponsor" <> '{}' then [records.body."protocolSection"."sponsorCollaboratorsModule"."leadSponsor"] else [] end), 0) as count_1,
        coalesce(len(coalesce(list_filter(records.body."protocolSection"."sponsorCollaboratorsModule"."collaborators", lambda e: e <> '{}'), [])), 0) as count_2
    from temp.flatten_records as records
    anti join temp.flatten_rejected as rejected
        on records.page = rejected.page and records.position = rejected.position
),
numbered as (
    select
        * exclude (elements),
        unnest(elements) as element,
        generate_subscripts(elements, 1) as ordinal
    from listed
),
parsed as (
    select *, from_json(element, '{"name": "VARCHAR", "class": "VARCHAR"}') as body
    from numbered
)
select
    nct_id as "nct_id",
    ordinal as "ordinal",
    case when ordinal <= count_1 then 'lead' else 'collaborator' end as "role",
    body."name" as "sponsor_name",
    body."class" as "sponsor_class"
from parsed;

-- study_conditions
with listed as (
    select
        records.nct_id,
        coalesce(records.body."protocolSection"."conditionsModule"."conditions", []) as elements,
        coalesce(len(coalesce(records.body."protocolSection"."conditionsModule"."conditions", [])), 0) as count_1
    from temp.flatten_records as records
    anti join temp.flatten_rejected as rejected
        on records.page = rejected.page and records.position = rejected.position
),
numbered as (
    select
        * exclude (elements),
        unnest(elements) as element,
        generate_subscripts(elements, 1) as ordinal
    from listed
),
parsed as (
    select *, from_json(element, '"VARCHAR"') as body
    from numbered
)
select
    nct_id as "nct_id",
    ordinal as "ordinal",
    body as "condition_name"
from parsed;

-- study_interventions
with listed as (
    select
        records.nct_id,
        coalesce(list_filter(records.body."protocolSection"."armsInterventionsModule"."interventions", lambda e: e <> '{}'), []) as elements,
        coalesce(len(coalesce(list_filter(records.body."protocolSection"."armsInterventionsModule"."interventions", lambda e: e <> '{}'), [])), 0) as count_1
    from temp.flatten_records as records
    anti join temp.flatten_rejected as rejected
        on records.page = rejected.page and records.position = rejected.position
),
numbered as (
    select
        * exclude (elements),
        unnest(elements) as element,
        generate_subscripts(elements, 1) as ordinal
    from listed
),
parsed as (
    select *, from_json(element, '{"type": "VARCHAR", "name": "VARCHAR", "description": "VARCHAR"}') as body
    from numbered
)
select
    nct_id as "nct_id",
    ordinal as "ordinal",
    body."type" as "intervention_type",
    body."name" as "intervention_name",
    body."description" as "intervention_description"
from parsed;

-- study_sites
with listed as (
    select
        records.nct_id,
        coalesce(list_filter(records.body."protocolSection"."contactsLocationsModule"."locations", lambda e: e <> '{}'), []) as elements,
        coalesce(len(coalesce(list_filter(records.body."protocolSection"."contactsLocationsModule"."locations", lambda e: e <> '{}'), [])), 0) as count_1
    from temp.flatten_records as records
    anti join temp.flatten_rejected as rejected
        on records.page = rejected.page and records.position = rejected.position
),
numbered as (
    select
        * exclude (elements),
        unnest(elements) as element,
        generate_subscripts(elements, 1) as ordinal
    from listed
),
parsed as (
    select *, from_json(element, '{"facility": "VARCHAR", "status": "VARCHAR", "city": "VARCHAR", "state": "VARCHAR", "zip": "VARCHAR", "country": "VARCHAR", "geoPoint": {"lat": "DOUBLE", "lon": "DOUBLE"}}') as body
    from numbered
)
select
    nct_id as "nct_id",
    ordinal as "ordinal",
    body."facility" as "facility_name",
    body."status" as "site_status",
    body."city" as "city",
    body."state" as "state",
    body."zip" as "zip",
    body."country" as "country",
    body."geoPoint"."lat" as "latitude",
    body."geoPoint"."lon" as "longitude"
from parsed;

-- quarantine
select
    'extract-1' as extract_id,
    rejected.page,
    rejected.position,
    nullif(lake.nct_id, '') as "nct_id",
    rejected.reason,
    lake.study as record
from temp.flatten_rejected as rejected
inner join read_parquet('it''s/studies.parquet') as lake
    on rejected.page = lake.page and rejected.position = lake.position;

-- release
drop table if exists temp.flatten_rejected;

-- release
drop table if exists temp.flatten_records;

-- records
select count(*) from read_parquet('it''s/studies.parquet');
