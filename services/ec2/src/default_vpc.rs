//! The parts of every VPC, and the default VPC that each region of an account has from the start.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::Result;
use roadstead_store::Txn;

use crate::address::Block;
use crate::derived::{derived, numbered};
use crate::records::{
    Acl, DEFAULT_GROUP, Destination, Direction, Group, InternetGateway, Records, Resource, Route, RouteAssociation,
    RouteTable, Rule, Settled, Source, Subnet, Target, Vpc,
};
use crate::zone;

/// The block of every default VPC.
const DEFAULT_BLOCK: &str = "172.31.0.0/16";
/// The prefix length of its subnets.
const SUBNET_PREFIX: u8 = 20;

/// A VPC with what it cannot be without.
pub struct VpcParts {
    /// The VPC.
    pub vpc: Vpc,
    /// Its main route table.
    pub table: RouteTable,
    /// Its default network ACL.
    pub acl: Acl,
    /// Its default security group.
    pub group: Group,
}

/// A rule that lets everything pass.
pub fn allow_all(id: String, direction: Direction, source: Source) -> Rule {
    Rule {
        id,
        direction,
        protocol: "-1".to_owned(),
        from_port: None,
        to_port: None,
        source,
        description: None,
        tags: Tags::new(),
    }
}

/// The block of all addresses.
pub fn everywhere() -> Source {
    Block::parse("0.0.0.0/0").map_or_else(|| Source::Ipv6("::/0".to_owned()), Source::Ipv4)
}

impl VpcParts {
    /// Makes a VPC of the block; `id` draws an id for a prefix, each prefix drawn anew.
    pub fn new(place: Place, block: Block, tenancy: &str, mut id: impl FnMut(&str) -> String) -> Self {
        let vpc_id = id("vpc");
        let group_id = id("sg");
        let itself = Source::Group {
            id: group_id.clone(),
            owner: place.account,
        };
        let group = Group {
            name: DEFAULT_GROUP.to_owned(),
            description: "default VPC security group".to_owned(),
            vpc: vpc_id.clone(),
            rules: vec![
                allow_all(id("sgr"), Direction::Ingress, itself),
                allow_all(id("sgr"), Direction::Egress, everywhere()),
            ],
            tags: Tags::new(),
            id: group_id,
        };
        let table = RouteTable {
            id: id("rtb"),
            vpc: vpc_id.clone(),
            block,
            routes: Vec::new(),
            associations: vec![RouteAssociation {
                id: id("rtbassoc"),
                subnet: None,
            }],
            client_token: None,
            tags: Tags::new(),
        };
        let acl = Acl {
            id: id("acl"),
            vpc: vpc_id.clone(),
            is_default: true,
            tags: Tags::new(),
            associations: Vec::new(),
        };
        let vpc = Vpc {
            id: vpc_id,
            block,
            block_association: id("vpc-cidr-assoc"),
            is_default: false,
            tenancy: tenancy.to_owned(),
            dns_support: true,
            dns_hostnames: false,
            usage_metrics: false,
            main_route_table: table.id.clone(),
            default_acl: acl.id.clone(),
            default_group: group.id.clone(),
            tags: Tags::new(),
        };
        Self { vpc, table, acl, group }
    }

    /// Adds all parts to a transaction.
    pub fn stage(&self, records: &Records, txn: &mut Txn) -> Result<()> {
        records.stage_new(txn, &self.vpc)?;
        records.stage_new(txn, &self.table)?;
        records.stage_new(txn, &self.acl)?;
        records.stage_new(txn, &self.group)
    }
}

/// Which places are known to have had their default VPC made.
#[derive(Default)]
pub struct SettledPlaces(RwLock<HashSet<Place>>);

impl SettledPlaces {
    /// Makes the place's default VPC unless that was done before, by whomever.
    pub async fn settle(&self, records: &Records) -> Result<()> {
        let place = records.place();
        if self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&place) {
            return Ok(());
        }
        let mark = records.table::<Settled>();
        if mark.get(records.scope(), &["default-vpc"]).await?.is_none() {
            let mut txn = Txn::new();
            mark.stage_new(&mut txn, records.scope(), &["default-vpc"], &Settled::default())?;
            stage(records, &mut txn)?;
            match records.commit(txn).await {
                // Another call was faster and has made the same.
                Err(fault) if fault.is_conflict() => {}
                outcome => {
                    outcome?;
                }
            }
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(place);
        Ok(())
    }
}

fn stage(records: &Records, txn: &mut Txn) -> Result<()> {
    let place = records.place();
    let Some(block) = Block::parse(DEFAULT_BLOCK) else {
        return Ok(());
    };
    let mut rules = 0..;
    let mut parts = VpcParts::new(place, block, "default", |prefix| match prefix {
        "sgr" => numbered(place, prefix, rules.next().unwrap_or_default()),
        _ => derived(place, prefix),
    });
    parts.vpc.is_default = true;
    parts.vpc.dns_hostnames = true;
    let gateway = InternetGateway {
        id: derived(place, "igw"),
        vpc: Some(parts.vpc.id.clone()),
        tags: Tags::new(),
    };
    if let Source::Ipv4(everywhere) = everywhere() {
        parts.table.routes.push(Route {
            destination: Destination::Ipv4(everywhere),
            target: Target::Gateway(gateway.id.clone()),
            blackhole: false,
        });
    }
    parts.stage(records, txn)?;
    records.stage_link(txn, &parts.vpc.id, gateway.id())?;
    records.stage_new(txn, &gateway)?;
    for (at, zone) in zone::names(place.region).enumerate() {
        let Some(part) = u32::try_from(at).ok().and_then(|n| block.part(SUBNET_PREFIX, n)) else {
            continue;
        };
        let subnet = Subnet {
            id: numbered(place, "subnet", at),
            vpc: parts.vpc.id.clone(),
            block: part,
            zone,
            default_for_az: true,
            map_public_ip: true,
            hostname_type: "ip-name".to_owned(),
            dns_a_record: false,
            acl: parts.acl.id.clone(),
            acl_association: numbered(place, "aclassoc", at),
            tags: Tags::new(),
            free: 0,
        };
        records.stage_link(txn, &parts.vpc.id, &subnet.id)?;
        records.stage_new(txn, &subnet)?;
    }
    Ok(())
}
