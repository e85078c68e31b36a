"""bundles.py: reads a JSON object a line (date, stix, opencti) and checks the two
bundles of each message by stix2 and by OpenCTI's own client."""

import json
import sys
from email.utils import parsedate_to_datetime

import pycti
import stix2
from pycti.utils.opencti_stix2_splitter import OpenCTIStix2Splitter

IDENTITY = pycti.Identity.generate_id("Email Intel IMAP", "organization")
MARKING = pycti.MarkingDefinition.generate_id("TLP", "TLP:AMBER+STRICT")


def check_ids(objects):
    """Observables have the identifiers that stix2 derives by itself."""
    count = 0
    for one in objects:
        if one["type"] in ("report", "identity", "marking-definition"):
            continue
        again = {key: value for key, value in one.items() if key != "id"}
        derived = stix2.parse_observable(again, allow_custom=True, version="2.1")["id"]
        anonymous = one["type"] == "email-message" and not {"from_ref", "subject"} & one.keys()
        assert derived == one["id"] or anonymous, one
        count += 1
    return count


def check(date, stix, opencti):
    report = next(one for one in opencti["objects"] if one["type"] == "report")
    try:
        published = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        published = None
    if published is not None:
        assert report["id"] == pycti.Report.generate_id(report["name"], published), (date, report)
    assert report["created_by_ref"] == IDENTITY, report
    assert report["object_marking_refs"] == [MARKING], report
    assert [one["type"] for one in opencti["objects"]] == ["report", "identity", "marking-definition"]

    parsed = stix2.parse(stix, allow_custom=True)
    assert len(parsed.objects) == len(stix["objects"])
    for bundle in (stix, opencti):
        count, bad, bundles = OpenCTIStix2Splitter().split_bundle_with_expectations(
            json.dumps(bundle), True, None, True
        )[:3]
        assert not bad and len(bundles) == count, (count, bad)
    return check_ids(stix["objects"])


bundles = observables = 0
for line in sys.stdin:
    observables += check(**json.loads(line))
    bundles += 1
print(f"{bundles} bundles, {observables} observables")
