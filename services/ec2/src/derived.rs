//! Values that follow from the place alone, so that every process makes the same default VPC.

use roadstead_core::arn::Place;

/// The id of a region's only resource of a kind, such as its default VPC: the prefix and 17 hexadecimal digits.
pub fn derived(place: Place, prefix: &str) -> String {
    numbered(place, prefix, 0)
}

/// The id of the `n`th of a region's resources of a kind, such as its default subnets.
pub fn numbered(place: Place, prefix: &str, n: usize) -> String {
    let digits = mix(&[prefix, place.account.as_str(), place.region.as_str(), &n.to_string()]);
    format!("{prefix}-0{digits:016x}")
}

/// The account of a service in a region: twelve digits that belong to no customer.
pub fn service_account(place: Place, service: &str, purpose: &str) -> String {
    let digits = mix(&[service, purpose, place.region.as_str()]) % 900_000_000_000;
    (digits + 100_000_000_000).to_string()
}

/// A number that is spread evenly; not a secret, and the same for ever.
fn mix(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use roadstead_core::{AccountId, Region};

    #[test]
    fn every_place_has_ids_of_its_own_and_keeps_them() {
        let account = AccountId::parse("123456789012").unwrap();
        let here = Place {
            account,
            region: Region::US_EAST_1,
        };
        let there = Place {
            account,
            region: Region::parse("eu-west-1").unwrap(),
        };
        assert_eq!(derived(here, "vpc"), derived(here, "vpc"));
        assert_ne!(derived(here, "vpc"), derived(there, "vpc"));
        assert_ne!(numbered(here, "subnet", 0), numbered(here, "subnet", 1));
        assert!(crate::records::well_formed("vpc", &derived(here, "vpc")));
        assert_eq!(service_account(here, "ecs.amazonaws.com", "").len(), 12);
        // Stored in every installation: these must never change.
        assert_eq!(derived(here, "vpc"), "vpc-06e4249873d5b3441");
    }
}
