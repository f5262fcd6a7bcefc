//! ec2:DescribeAvailabilityZones —
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>

use api_ec2::op::DescribeAvailabilityZones;
use api_ec2::{
    AvailabilityZone, AvailabilityZoneOptInStatus, AvailabilityZoneState, DescribeAvailabilityZonesRequest,
    DescribeAvailabilityZonesResult,
};
use roadstead_core::arn::Place;

use crate::filter::Filtered;
use crate::prelude::*;
use crate::zone;

impl Handle<DescribeAvailabilityZones> for Ec2 {
    async fn needs(&self, cx: &Cx, _: &DescribeAvailabilityZonesRequest) -> Result<Needs> {
        Ok(any(cx))
    }

    async fn handle(&self, cx: &Cx, input: DescribeAvailabilityZonesRequest) -> Reply<DescribeAvailabilityZones> {
        let listing = Listing::whole::<Zone>("DescribeAvailabilityZones", input.filters)?;
        dry_run(input.dry_run)?;
        let region = cx.region();
        let mut zones: Vec<Zone> = zone::names(region)
            .map(|name| Zone {
                id: zone::id(region, &name).unwrap_or_default(),
                name,
                tags: Tags::new(),
            })
            .collect();
        for (asked, by_id) in [(input.zone_names, false), (input.zone_ids, true)] {
            let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
                continue;
            };
            let of = |zone: &Zone| if by_id { zone.id.clone() } else { zone.name.clone() };
            if let Some(unknown) = asked.iter().find(|asked| !zones.iter().any(|zone| of(zone) == **asked)) {
                return Err(error::invalid(format!("Invalid availability zone: [{unknown}]")).into());
            }
            zones.retain(|zone| asked.contains(&of(zone)));
        }
        let (zones, _) = listing.cut(cx.place(), zones, |zone| &zone.name);
        Ok(DescribeAvailabilityZonesResult {
            availability_zones: Some(zones.into_iter().map(|zone| zone.into_api(cx.place())).collect()),
        })
    }
}

/// An availability zone.
struct Zone {
    name: String,
    id: String,
    tags: Tags,
}

impl Filtered for Zone {
    const FILTERS: &'static [&'static str] = &[
        "group-long-name",
        "group-name",
        "message",
        "opt-in-status",
        "parent-zone-id",
        "parent-zone-name",
        "region-name",
        "state",
        "zone-id",
        "zone-name",
        "zone-type",
    ];

    fn values(&self, place: Place, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "group-name" | "region-name" => vec![place.region.to_string()],
            "opt-in-status" => vec!["opt-in-not-required".to_owned()],
            "state" => vec!["available".to_owned()],
            "zone-id" => vec![self.id.clone()],
            "zone-name" => vec![self.name.clone()],
            "zone-type" => vec!["availability-zone".to_owned()],
            other if Self::FILTERS.contains(&other) => Vec::new(),
            _ => return None,
        })
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }
}

impl Zone {
    fn into_api(self, place: Place) -> AvailabilityZone {
        AvailabilityZone {
            opt_in_status: Some(AvailabilityZoneOptInStatus::OptInNotRequired),
            messages: Some(Vec::new()),
            region_name: Some(place.region.to_string()),
            zone_name: Some(self.name),
            zone_id: Some(self.id),
            group_name: Some(place.region.to_string()),
            network_border_group: Some(place.region.to_string()),
            zone_type: Some("availability-zone".to_owned()),
            state: Some(AvailabilityZoneState::Available),
            ..AvailabilityZone::default()
        }
    }
}
