//! What EC2 stores, and the handle through which operations read and write it.

mod acl;
mod elastic_ip;
mod group;
mod interface;
mod internet_gateway;
mod launch_template;
mod link;
mod nat_gateway;
mod permission;
mod route_table;
mod rule;
mod subnet;
mod template_data;
mod token;
mod vpc;

use std::sync::Arc;

use roadstead_core::Tags;
use roadstead_core::arn::Place;
use roadstead_kernel::{ApiError, Needs, Result};
use roadstead_store::{Record, Revision, Scope, Store, Table, Txn, Versioned};

pub use acl::{Acl, AclAssociation};
pub use elastic_ip::{AddressUse, ElasticIp};
pub use group::{DEFAULT as DEFAULT_GROUP, Group, GroupRef};
pub use interface::{Association, Attachment, Interface, PrivateAddress, Requester, TakenAddress};
pub use internet_gateway::InternetGateway;
pub use launch_template::{LaunchTemplate, TemplateVersion};
pub use link::Link;
pub use nat_gateway::NatGateway;
pub use permission::InterfacePermission;
pub use route_table::{Destination, Route, RouteAssociation, RouteTable, Target, associated};
pub use rule::{Direction, Rule, RuleOfGroup, Source, permissions};
pub use subnet::Subnet;
pub use template_data::TemplateData;
pub use token::ClientToken;
pub use vpc::{Settled, Vpc};

use crate::Enforcer;
use crate::filter::Filtered;

/// A stored resource with an id, tags and an ARN.
pub trait Resource: Record + Filtered + Clone {
    /// The id's prefix, without the dash.
    const PREFIX: &'static str;
    /// The kind in ARNs and tags, such as `network-interface`.
    const KIND: &'static str;
    /// Whether an id of zeros alone counts as malformed, not as unknown (recorded for security groups).
    const ZEROS_ARE_MALFORMED: bool = false;

    /// The id.
    fn id(&self) -> &str;

    /// The tags, to change them.
    fn tags_mut(&mut self) -> &mut Tags;

    /// The error for an id that cannot be one.
    fn malformed(id: &str) -> ApiError;

    /// The error for an id that is not there.
    fn missing(id: &str) -> ApiError;

    /// Adds the condition keys that describe the resource, besides its tags.
    fn describe(&self, place: Place, needs: Needs) -> Needs;
}

/// Whether the text is an id of the kind: the prefix, a dash, and 8 or 17 hexadecimal digits.
pub fn well_formed(prefix: &str, id: &str) -> bool {
    let digits = id.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
    digits
        .is_some_and(|d| matches!(d.len(), 8 | 17) && d.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f')))
}

/// The records of one account in one region.
#[derive(Clone)]
pub struct Records {
    store: Arc<dyn Store>,
    place: Place,
    enforcer: Option<Arc<dyn Enforcer>>,
}

impl Records {
    /// The records of the place.
    pub fn new(store: Arc<dyn Store>, place: Place, enforcer: Option<Arc<dyn Enforcer>>) -> Self {
        Self { store, place, enforcer }
    }

    /// The account and region.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The scope of all keys.
    pub fn scope(&self) -> Scope<'_> {
        Scope::new(self.place.account.as_str(), self.place.region.as_str())
    }

    /// A table.
    pub fn table<R: Record>(&self) -> Table<R> {
        Table::new(Arc::clone(&self.store))
    }

    /// Commits what was staged of rules, and waits until it is in force.
    pub async fn commit_rules(&self, txn: Txn) -> Result<()> {
        let revision = self.commit(txn).await?;
        if let Some(enforcer) = &self.enforcer {
            enforcer.in_force(revision).await;
        }
        Ok(())
    }

    /// Commits what was staged.
    pub async fn commit(&self, txn: Txn) -> Result<Revision> {
        Ok(self.store.commit(txn).await?)
    }

    /// The resource, when there is one.
    pub async fn find<R: Resource>(&self, id: &str) -> Result<Option<Versioned<R>>> {
        Ok(self.table::<R>().get(self.scope(), &[id]).await?)
    }

    /// The resource; fails in EC2's words when the id is malformed or unknown.
    pub async fn get<R: Resource>(&self, id: &str) -> Result<Versioned<R>> {
        let zeros = id.bytes().skip(R::PREFIX.len() + 1).all(|digit| digit == b'0');
        if !well_formed(R::PREFIX, id) || R::ZEROS_ARE_MALFORMED && zeros {
            return Err(R::malformed(id).into());
        }
        self.find::<R>(id).await?.ok_or_else(|| R::missing(id).into())
    }

    /// Changes a resource, again when somebody else was faster; fails when it is not there.
    pub async fn update<R: Resource>(&self, id: &str, change: impl FnMut(&mut R) -> Result<()>) -> Result<()> {
        let changed = self.table::<R>().update(self.scope(), &[id], change).await?;
        changed.map(|_| ()).ok_or_else(|| R::missing(id).into())
    }

    /// All records of a kind.
    pub async fn all<R: Record>(&self) -> Result<Vec<R>> {
        Ok(self
            .table::<R>()
            .list_all(self.scope())
            .await?
            .into_iter()
            .map(|found| found.record)
            .collect())
    }

    /// The resources with the ids, each of which must exist; all when no id is given.
    pub async fn gather<R: Resource>(&self, ids: Option<&[String]>) -> Result<Vec<R>> {
        let Some(ids) = ids.filter(|ids| !ids.is_empty()) else {
            return self.all().await;
        };
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(self.get::<R>(id).await?.record);
        }
        Ok(found)
    }

    /// Adds to a transaction: a new resource.
    pub fn stage_new<R: Resource>(&self, txn: &mut Txn, resource: &R) -> Result<()> {
        Ok(self
            .table::<R>()
            .stage_new(txn, self.scope(), &[resource.id()], resource)?)
    }

    /// Adds to a transaction: the resource is as it was read, and becomes what it is now.
    pub fn stage_change<R: Resource>(&self, txn: &mut Txn, changed: &Versioned<R>) -> Result<()> {
        let record = &changed.record;
        Ok(self
            .table::<R>()
            .stage_replace(txn, self.scope(), &[record.id()], changed.revision, record)?)
    }

    /// Adds to a transaction: the resource is as it was read, and goes.
    pub fn stage_gone<R: Resource>(&self, txn: &mut Txn, gone: &Versioned<R>) {
        self.table::<R>()
            .stage_delete(txn, self.scope(), &[gone.record.id()], gone.revision);
    }

    /// Adds to a transaction: the resource still exists.
    pub fn require<R: Resource>(&self, txn: &mut Txn, id: &str) {
        self.table::<R>().require(txn, self.scope(), &[id]);
    }

    /// Adds to a transaction: `child` hangs on `parent`, which cannot be deleted meanwhile.
    pub fn stage_link(&self, txn: &mut Txn, parent: &str, child: &str) -> Result<()> {
        Ok(self
            .table::<Link>()
            .stage_put(txn, self.scope(), &[parent, child], &Link::default())?)
    }

    /// Adds to a transaction: `child` no longer hangs on `parent`.
    pub fn stage_unlink(&self, txn: &mut Txn, parent: &str, child: &str) {
        txn.push(roadstead_store::Op::Delete {
            key: Table::<Link>::key(self.scope(), &[parent, child]),
        });
    }

    /// Adds to a transaction: nothing hangs on `parent`.
    pub fn require_unlinked(&self, txn: &mut Txn, parent: &str) {
        self.table::<Link>().require_none(txn, self.scope(), &[parent]);
    }

    /// What hangs on `parent`.
    pub async fn linked(&self, parent: &str) -> Result<Vec<String>> {
        let found = self
            .table::<Link>()
            .list(self.scope(), &[parent], None, usize::MAX)
            .await?;
        let child = |key: &[u8]| Table::<Link>::parse_key(key).and_then(|parts| parts.id.into_iter().nth(1));
        Ok(found.records.iter().filter_map(|link| child(&link.key)).collect())
    }

    /// The ARN of a resource.
    pub fn arn<R: Resource>(&self, id: &str) -> String {
        self.place.arn("ec2", format_args!("{}/{id}", R::KIND))
    }

    /// The operation's action on an existing resource, described by its tags and properties.
    pub async fn needs_on<R: Resource>(&self, id: &str) -> Result<Needs> {
        self.described::<R>(Needs::on(self.arn::<R>(id)), id).await
    }

    /// The same on a further resource.
    pub async fn also_on<R: Resource>(&self, needs: Needs, id: &str) -> Result<Needs> {
        self.described::<R>(needs.also_on(self.arn::<R>(id)), id).await
    }

    async fn described<R: Resource>(&self, needs: Needs, id: &str) -> Result<Needs> {
        let needs = needs.key("ec2:Region", self.place.region.as_str());
        Ok(match self.find::<R>(id).await? {
            Some(found) => {
                let needs = needs.resource_tags("ec2", found.record.tags());
                found.record.describe(self.place, needs)
            }
            None => needs,
        })
    }

    /// What making a resource of the kind needs: the action on it, and `ec2:CreateTags` when it gets tags.
    pub fn needs_new<R: Resource>(&self, operation: &'static str, tags: &Tags) -> Needs {
        self.needs_kind(R::KIND, operation, tags)
    }

    fn needs_kind(&self, kind: &str, operation: &'static str, tags: &Tags) -> Needs {
        let arn = self.place.arn("ec2", format_args!("{kind}/*"));
        let region = self.place.region.as_str();
        Needs::on(arn.clone())
            .key("ec2:Region", region)
            .request_tags(tags)
            .and(self.needs_tagging(arn, operation, tags))
    }

    /// `ec2:CreateTags` on what an operation is about to make; nothing without tags.
    pub fn needs_tagging(&self, arn: String, operation: &'static str, tags: &Tags) -> Needs {
        if tags.is_empty() {
            return Needs::nothing();
        }
        Needs::nothing()
            .also("ec2:CreateTags", arn)
            .key("ec2:Region", self.place.region.as_str())
            .key("ec2:CreateAction", operation)
            .request_tags(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_eight_or_seventeen_digits() {
        for (id, expected) in [
            ("vpc-0123456789abcdef0", true),
            ("vpc-01234567", true),
            ("vpc-0123456789abcdef", false),
            ("vpc-0123456789ABCDEF0", false),
            ("vpc-", false),
            ("vpc", false),
            ("subnet-01234567", false),
        ] {
            assert_eq!(well_formed("vpc", id), expected, "{id}");
        }
    }

    #[track_caller]
    fn check<F: Filtered>(item: &F) {
        let account = roadstead_core::AccountId::parse("123456789012").unwrap();
        let place = Place {
            account,
            region: roadstead_core::Region::US_EAST_1,
        };
        for filter in F::FILTERS {
            assert!(item.values(place, filter).is_some(), "{filter}");
        }
        assert!(item.values(place, "colour").is_none());
    }

    #[test]
    fn every_filter_that_is_accepted_is_carried_out() {
        let account = roadstead_core::AccountId::parse("123456789012").unwrap();
        let place = Place {
            account,
            region: roadstead_core::Region::US_EAST_1,
        };
        let block = crate::address::Block::parse("10.0.0.0/16").unwrap();
        let parts = crate::default_vpc::VpcParts::new(place, block, "default", |prefix| format!("{prefix}-01234567"));
        check(&parts.vpc);
        check(&parts.table);
        check(&parts.acl);
        check(&parts.group);
        check(&RuleOfGroup {
            group: parts.group.id.clone(),
            rule: parts.group.rules[0].clone(),
        });
        check(&InternetGateway {
            id: "igw-01234567".into(),
            vpc: Some(parts.vpc.id.clone()),
            tags: Tags::new(),
        });
        let subnet = Subnet {
            id: "subnet-01234567".into(),
            vpc: parts.vpc.id.clone(),
            block,
            zone: "us-east-1a".into(),
            default_for_az: false,
            map_public_ip: false,
            hostname_type: "ip-name".into(),
            dns_a_record: false,
            acl: parts.acl.id.clone(),
            acl_association: "aclassoc-01234567".into(),
            tags: Tags::new(),
            free: 0,
        };
        check(&subnet);
        let ip = std::net::Ipv4Addr::new(10, 0, 0, 9);
        check(&ElasticIp {
            id: "eipalloc-01234567".into(),
            public_ip: ip,
            used: None,
            tags: Tags::new(),
        });
        let interface = Interface {
            id: "eni-01234567".into(),
            subnet: subnet.id.clone(),
            vpc: subnet.vpc.clone(),
            zone: subnet.zone.clone(),
            description: String::new(),
            mac: "02:00:00:00:00:01".into(),
            addresses: vec![PrivateAddress { ip, association: None }],
            groups: Vec::new(),
            source_dest_check: true,
            kind: "interface".into(),
            requester: None,
            attachment: None,
            client_token: None,
            tags: Tags::new(),
            named: true,
        };
        check(&interface);
        let permission = InterfacePermission {
            id: "eni-perm-01234567".into(),
            interface: interface.id,
            account: None,
            service: None,
            permission: "INSTANCE-ATTACH".into(),
            tags: Tags::new(),
        };
        check(&permission);
        let now = roadstead_core::Timestamp::from_secs(0);
        let gateway = NatGateway {
            id: "nat-01234567".into(),
            subnet: subnet.id,
            vpc: subnet.vpc,
            connectivity: "public".into(),
            interface: None,
            private_ip: None,
            public: None,
            association: None,
            failure: None,
            created: now,
            deleted: None,
            client_token: None,
            tags: Tags::new(),
        };
        check(&gateway);
        let template = LaunchTemplate {
            id: "lt-01234567".into(),
            name: "web".into(),
            created: now,
            created_by: String::new(),
            default_version: 1,
            latest_version: 1,
            client_token: None,
            tags: Tags::new(),
        };
        check(&template);
        let version = TemplateVersion {
            template: template.id.clone(),
            number: 1,
            description: None,
            created: now,
            created_by: String::new(),
            data: TemplateData::default(),
            is_default: false,
            name: String::new(),
            at: String::new(),
            tags: Tags::new(),
        };
        check(&version.of(&template));
    }
}
