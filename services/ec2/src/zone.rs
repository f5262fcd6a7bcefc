//! The availability zones of a region: three, named after it.

use roadstead_core::Region;

/// The letters of the zones that every region has.
pub const LETTERS: [char; 3] = ['a', 'b', 'c'];

/// The zones of a region by name, such as `eu-west-1a`.
pub fn names(region: Region) -> impl Iterator<Item = String> {
    LETTERS.iter().map(move |letter| format!("{region}{letter}"))
}

/// The id of a zone of the region, such as `euw1-az1`; `None` for a zone that the region does not have.
pub fn id(region: Region, name: &str) -> Option<String> {
    let letter = name.strip_prefix(region.as_str())?;
    let at = LETTERS.iter().position(|known| letter.chars().eq([*known]))?;
    Some(format!("{}-az{}", short(region), at + 1))
}

/// The name of the zone with the id.
pub fn named(region: Region, zone_id: &str) -> Option<String> {
    names(region).find(|name| id(region, name).as_deref() == Some(zone_id))
}

/// The region's short form in zone ids, such as `apne1` for `ap-northeast-1`.
fn short(region: Region) -> String {
    let mut text = String::new();
    for (at, part) in region.as_str().split('-').enumerate() {
        match part {
            "northeast" => text.push_str("ne"),
            "northwest" => text.push_str("nw"),
            "southeast" => text.push_str("se"),
            "southwest" => text.push_str("sw"),
            _ if at == 0 => text.push_str(part),
            _ => text.extend(part.chars().next()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_ids_abbreviate_the_region() {
        for (region, zone, expected) in [
            ("us-east-1", "us-east-1a", "use1-az1"),
            ("ap-northeast-1", "ap-northeast-1c", "apne1-az3"),
            ("eu-central-1", "eu-central-1b", "euc1-az2"),
            ("us-gov-west-1", "us-gov-west-1a", "usgw1-az1"),
        ] {
            let region = Region::parse(region).unwrap();
            assert_eq!(id(region, zone).as_deref(), Some(expected));
            assert_eq!(named(region, expected).as_deref(), Some(zone));
        }
        assert_eq!(id(Region::US_EAST_1, "us-east-1d"), None);
        assert_eq!(id(Region::US_EAST_1, "us-west-1a"), None);
    }
}
