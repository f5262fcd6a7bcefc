//! Names of the models as Rust names.

use std::collections::BTreeSet;

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// `AWSServiceName` as `aws_service_name`.
pub fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let mut out = String::with_capacity(name.len() + 8);
    for (i, c) in chars.iter().copied().enumerate() {
        if !c.is_ascii_alphanumeric() {
            out.push('_');
            continue;
        }
        if c.is_ascii_uppercase() && i > 0 && at(i - 1).is_ascii_alphanumeric() {
            let before = at(i - 1);
            let after = at(i + 1);
            // The `s` of `ARNs` belongs to the acronym.
            let plural = after == 's' && before.is_ascii_uppercase() && !at(i + 2).is_ascii_lowercase();
            if !before.is_ascii_uppercase() || (after.is_ascii_lowercase() && !plural) {
                out.push('_');
            }
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A field's name, raw where it is a keyword.
pub fn field(name: &str) -> String {
    let snake = snake(name);
    match snake.as_str() {
        "self" | "super" | "crate" => format!("{snake}_"),
        s if KEYWORDS.contains(&s) => format!("r#{snake}"),
        _ => snake,
    }
}

/// A shape's or operation's name as a constant's.
pub fn screaming(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// A shape's name as a type's.
pub fn camel(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

/// The values of an enum as names of variants, all different.
pub fn variants<'a>(values: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let mut used: BTreeSet<String> = ["Other".to_owned(), "Self".to_owned()].into();
    let mut out = Vec::new();
    for value in values {
        let mut name = variant(value);
        while !used.insert(name.clone()) {
            name.push('_');
        }
        out.push((name, value.to_owned()));
    }
    out
}

fn variant(value: &str) -> String {
    let mut out = String::new();
    for word in value
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
    {
        let mut chars = word.chars();
        let Some(first) = chars.next() else { continue };
        out.push(first.to_ascii_uppercase());
        if word.chars().any(|c| c.is_ascii_lowercase()) {
            out.push_str(chars.as_str());
        } else {
            out.push_str(&chars.as_str().to_ascii_lowercase());
        }
    }
    if value == "*" {
        out.push_str("Any");
    }
    if out.is_empty() {
        out.push_str("Empty");
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'V');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acronyms_and_their_plurals_stay_together() {
        for (name, want) in [
            ("clusterName", "cluster_name"),
            ("AWSServiceName", "aws_service_name"),
            ("TargetGroupARNs", "target_group_arns"),
            ("VpcId", "vpc_id"),
            ("VPCId", "vpc_id"),
            ("Ipv6CidrBlock", "ipv6_cidr_block"),
            ("EC2Instances", "ec2_instances"),
            ("S3Bucket", "s3_bucket"),
            ("DNSSECStatus", "dnssec_status"),
            ("type", "type"),
        ] {
            assert_eq!(snake(name), want);
        }
        assert_eq!(field("type"), "r#type");
    }

    #[test]
    fn values_become_variants() {
        let names: Vec<String> =
            variants(["EC2", "FARGATE_SPOT", "t2.micro", "1.0", "arm64", "ARM64", "Other"].into_iter())
                .into_iter()
                .map(|(name, _)| name)
                .collect();
        assert_eq!(
            names,
            ["Ec2", "FargateSpot", "T2Micro", "V10", "Arm64", "Arm64_", "Other_"]
        );
    }
}
