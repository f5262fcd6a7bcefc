//! What the kernel asks of IAM: principals by key, with their policies compiled and kept until something changes.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use roadstead_core::arn::Arn;
use roadstead_core::{AccountId, Partition, Tags, arn};
use roadstead_kernel::{
    AccessKey, BoxFuture, Context as _, Directory, Identity, OidcProvider, Result, Role, Secret, Who,
};
use roadstead_policy::{PolicySet, PolicyType, Program};
use roadstead_store::{Record, Scope, Store, Table, Versioned};

use crate::documents;
use crate::entities::{id_of, scope};
use crate::managed::{Compiled, Managed};
use crate::records::{self, Common, Holder, Named};
use crate::trust;

/// The account that an installation starts with: its root user and that user's access key.
#[derive(Clone, Debug)]
pub struct Home {
    /// The account.
    pub account: AccountId,
    /// The partition that the account is in.
    pub partition: Partition,
    /// The root user's access key id.
    pub access_key_id: String,
    /// The root user's secret.
    pub secret_access_key: Secret,
}

/// Every principal of an installation; the kernel's directory.
pub struct Principals {
    store: Arc<dyn Store>,
    home: Home,
    root: Arc<Identity>,
    root_key: Arc<AccessKey>,
    accounts: RwLock<HashMap<AccountId, Arc<Account>>>,
    keys: Kept<String, AccessKey>,
    aws: Compiled,
    /// Key sets of identity providers, by URL without the scheme.
    oidc_keys: RwLock<HashMap<String, Arc<str>>>,
}

/// What is kept of one account.
#[derive(Default)]
struct Account {
    identities: Kept<Who, Identity>,
    roles: Kept<String, Role>,
    /// Customer managed policies by type and ARN.
    programs: Kept<(PolicyType, String), Program>,
}

/// Values kept until they are forgotten all together.
///
/// What was read before a `forget` cannot be kept after it: whoever reads takes the generation first. While a change is
/// under way nothing is answered from here and nothing is kept, so that whoever asks after the change sees it.
struct Kept<K, V>(RwLock<Generation<K, V>>);

struct Generation<K, V> {
    number: u64,
    /// Changes under way.
    changing: usize,
    values: HashMap<K, Arc<V>>,
}

/// The most values that are kept; beyond it, all are dropped and read again when used.
const MAX_KEPT: usize = 10_000;

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(RwLock::new(Generation {
            number: 0,
            changing: 0,
            values: HashMap::new(),
        }))
    }
}

impl<K: Hash + Eq, V> Kept<K, V> {
    fn read(&self) -> RwLockReadGuard<'_, Generation<K, V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Generation<K, V>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        let kept = self.read();
        if kept.changing > 0 {
            None
        } else {
            kept.values.get(key).cloned()
        }
    }

    fn generation(&self) -> u64 {
        self.read().number
    }

    fn keep(&self, generation: u64, key: K, value: &Arc<V>) {
        let mut kept = self.write();
        if kept.number != generation || kept.changing > 0 {
            return;
        }
        if kept.values.len() >= MAX_KEPT {
            kept.values.clear();
        }
        kept.values.insert(key, Arc::clone(value));
    }

    /// Forgets everything; `change` counts a change that begins or ends.
    fn forget(&self, change: Change) {
        let mut kept = self.write();
        kept.number += 1;
        kept.values.clear();
        kept.changing = match change {
            Change::Begins => kept.changing + 1,
            Change::Ends => kept.changing.saturating_sub(1),
            Change::Happened => kept.changing,
        };
    }
}

/// What is told of a change to an account's IAM.
#[derive(Clone, Copy)]
enum Change {
    Begins,
    Ends,
    Happened,
}

/// A change under way; ends when it is dropped.
pub struct Changing {
    principals: Arc<Principals>,
    account: AccountId,
}

impl Drop for Changing {
    fn drop(&mut self) {
        self.principals.tell(self.account, Change::Ends);
    }
}

impl Principals {
    /// The principals in a store, and the root user of the home account.
    pub fn new(store: Arc<dyn Store>, home: Home) -> Arc<Self> {
        let root = Identity {
            who: Who::Root,
            account: home.account,
            arn: arn::root(home.partition, home.account),
            id: home.account.to_string(),
            name: String::new(),
            tags: Tags::new(),
            linked_service: None,
            policies: PolicySet::default(),
        };
        let root_key = AccessKey {
            account: home.account,
            who: Who::Root,
            secret: home.secret_access_key.clone(),
            active: true,
        };
        Arc::new(Self {
            store,
            home,
            root: Arc::new(root),
            root_key: Arc::new(root_key),
            accounts: RwLock::default(),
            keys: Kept::default(),
            aws: Compiled::default(),
            oidc_keys: RwLock::default(),
        })
    }

    /// The account that the installation starts with.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Gives the public keys of an identity provider, in place of those it publishes.
    pub fn use_oidc_keys(&self, id: &str, key_set: &str) {
        self.oidc_keys
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), key_set.into());
    }

    /// Forgets what is kept of an account, after something in its IAM was changed elsewhere.
    pub fn forget(&self, account: AccountId) {
        self.tell(account, Change::Happened);
    }

    /// Keeps nothing of an account until what is answered is dropped, to be called before its IAM is changed.
    pub fn changing(self: &Arc<Self>, account: AccountId) -> Changing {
        self.tell(account, Change::Begins);
        Changing {
            principals: Arc::clone(self),
            account,
        }
    }

    fn tell(&self, account: AccountId, change: Change) {
        let known = self.account(account);
        // What others are made of goes first: nobody may make something new of something old.
        self.keys.forget(change);
        known.programs.forget(change);
        known.identities.forget(change);
        known.roles.forget(change);
    }

    fn account(&self, account: AccountId) -> Arc<Account> {
        if let Some(known) = self
            .accounts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&account)
        {
            return Arc::clone(known);
        }
        Arc::clone(
            self.accounts
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(account)
                .or_default(),
        )
    }

    fn table<R: Record>(&self) -> Table<R> {
        Table::new(Arc::clone(&self.store))
    }

    async fn named<H: Holder>(&self, account: AccountId, id: &str) -> Result<Option<H>> {
        let Some(named) = self.table::<Named>().get(scope(&account), &[id]).await? else {
            return Ok(None);
        };
        let found = self.table::<H>().get(scope(&account), &[&named.record.name]).await?;
        Ok(found
            .map(|found: Versioned<H>| found.record)
            .filter(|found| found.common().id == id))
    }

    async fn load(&self, account: AccountId, who: &Who) -> Result<Option<Identity>> {
        match who {
            Who::Root => Ok(None),
            Who::Role(id) => match self.named::<records::Role>(account, id).await? {
                Some(role) => self.role_identity(account, &role).await.map(Some),
                None => Ok(None),
            },
            Who::User(id) => {
                let Some(user) = self.named::<records::User>(account, id).await? else {
                    return Ok(None);
                };
                let mut policies = self.policies(account, &user).await?;
                for group in &user.groups {
                    if let Some(group) = self.named::<records::Group>(account, group).await? {
                        policies.identity.extend(self.policies(account, &group).await?.identity);
                    }
                }
                Ok(Some(identity(account, who.clone(), user.common, policies, None)))
            }
        }
    }

    async fn role_identity(&self, account: AccountId, role: &records::Role) -> Result<Identity> {
        let policies = self.policies(account, role).await?;
        let who = Who::Role(role.common.id.clone());
        Ok(identity(
            account,
            who,
            role.common.clone(),
            policies,
            role.linked.clone(),
        ))
    }

    /// A principal's own policies and boundary, compiled.
    async fn policies<H: Holder>(&self, account: AccountId, holder: &H) -> Result<PolicySet> {
        let mut set = PolicySet::default();
        for (name, text) in holder.inline() {
            set.identity
                .push(Arc::new(documents::compile(text, PolicyType::Identity, name)?));
        }
        for arn in holder.attached() {
            // A policy that is gone grants nothing; only the one that the catalogue names and AWS hides is.
            set.identity
                .extend(self.program(account, arn, PolicyType::Identity).await?);
        }
        if let Some(arn) = holder.boundary() {
            let program = self.program(account, arn, PolicyType::Boundary).await?;
            // A boundary that is gone leaves nothing allowed, as an empty document would.
            set.boundary = Some(match program {
                Some(program) => program,
                None => Arc::new(documents::compile(NOTHING, PolicyType::Boundary, arn)?),
            });
        }
        Ok(set)
    }

    /// A managed policy, compiled as one of a type.
    async fn program(&self, account: AccountId, arn: &str, policy_type: PolicyType) -> Result<Option<Arc<Program>>> {
        if let Some(policy) = Managed::by_arn(arn) {
            return self.aws.program(policy, policy_type).map(Some);
        }
        let known = self.account(account);
        let key = (policy_type, arn.to_owned());
        if let Some(program) = known.programs.get(&key) {
            return Ok(Some(program));
        }
        let generation = known.programs.generation();
        let Some(policy) = self.policy(account, arn).await? else {
            return Ok(None);
        };
        let Some(version) = policy.default_version() else {
            return Ok(None);
        };
        let program = Arc::new(documents::compile(&version.document, policy_type, arn)?);
        known.programs.keep(generation, key, &program);
        Ok(Some(program))
    }

    /// The customer managed policy of an ARN.
    async fn policy(&self, account: AccountId, arn: &str) -> Result<Option<records::Policy>> {
        let Some(name) = customer_policy_name(account, arn) else {
            return Ok(None);
        };
        let found = self
            .table::<records::Policy>()
            .get(scope(&account), &[&id_of(name)])
            .await?;
        Ok(found
            .map(|found| found.record)
            .filter(|policy| policy.common.arn == arn))
    }
}

/// A document that allows nothing.
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// The name in the ARN of an account's own policy.
pub fn customer_policy_name(account: AccountId, arn: &str) -> Option<&str> {
    let parsed = Arn::parse(arn)?;
    if parsed.service != "iam" || parsed.account != account.as_str() || !parsed.resource.starts_with("policy/") {
        return None;
    }
    parsed.resource.rsplit('/').next()
}

fn identity(account: AccountId, who: Who, common: Common, policies: PolicySet, linked: Option<String>) -> Identity {
    Identity {
        who,
        account,
        arn: common.arn,
        id: common.id,
        name: common.name,
        tags: common.tags,
        linked_service: linked,
        policies,
    }
}

impl Directory for Principals {
    fn access_key<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Arc<AccessKey>>>> {
        Box::pin(async move {
            if id == self.home.access_key_id {
                return Ok(Some(Arc::clone(&self.root_key)));
            }
            if let Some(key) = self.keys.get(id) {
                return Ok(Some(key));
            }
            let generation = self.keys.generation();
            let found = self
                .table::<records::AccessKey>()
                .get(Scope::installation(), &[id])
                .await?;
            let Some(Versioned { record, .. }) = found else {
                return Ok(None);
            };
            let key = Arc::new(AccessKey {
                account: record.account,
                who: Who::User(record.user),
                secret: Secret::new(record.secret),
                active: record.active,
            });
            self.keys.keep(generation, id.to_owned(), &key);
            Ok(Some(key))
        })
    }

    fn identity<'a>(&'a self, account: AccountId, who: &'a Who) -> BoxFuture<'a, Result<Option<Arc<Identity>>>> {
        Box::pin(async move {
            if *who == Who::Root {
                return Ok((account == self.home.account).then(|| Arc::clone(&self.root)));
            }
            let known = self.account(account);
            if let Some(identity) = known.identities.get(who) {
                return Ok(Some(identity));
            }
            let generation = known.identities.generation();
            let found = self
                .load(account, who)
                .await
                .context("reading a principal and its policies")?;
            let Some(identity) = found.map(Arc::new) else {
                return Ok(None);
            };
            known.identities.keep(generation, who.clone(), &identity);
            Ok(Some(identity))
        })
    }

    fn role<'a>(&'a self, account: AccountId, name: &'a str) -> BoxFuture<'a, Result<Option<Arc<Role>>>> {
        Box::pin(async move {
            let (known, id) = (self.account(account), id_of(name));
            if let Some(role) = known.roles.get(&id) {
                return Ok(Some(role));
            }
            let generation = known.roles.generation();
            let found = self.table::<records::Role>().get(scope(&account), &[&id]).await?;
            let Some(Versioned { record, .. }) = found else {
                return Ok(None);
            };
            let who = Who::Role(record.common.id.clone());
            let Some(identity) = self.identity(account, &who).await? else {
                return Ok(None);
            };
            let renamed = trust::current(&self.store, account, &record).await?;
            let text = renamed.as_ref().unwrap_or(&record.trust);
            let trust = documents::compile(text, PolicyType::Trust, &record.common.arn)
                .context("reading a role's trust policy")?;
            let role = Arc::new(Role {
                identity,
                trust: Arc::new(trust),
                max_session_secs: record.max_session_secs,
            });
            known.roles.keep(generation, id, &role);
            Ok(Some(role))
        })
    }

    fn user<'a>(&'a self, account: AccountId, name: &'a str) -> BoxFuture<'a, Result<Option<Arc<Identity>>>> {
        Box::pin(async move {
            let found = self
                .table::<records::User>()
                .get(scope(&account), &[&id_of(name)])
                .await?;
            match found {
                Some(user) => self.identity(account, &Who::User(user.record.common.id)).await,
                None => Ok(None),
            }
        })
    }

    fn managed_policy<'a>(&'a self, account: AccountId, arn: &'a str) -> BoxFuture<'a, Result<Option<Arc<Program>>>> {
        Box::pin(self.program(account, arn, PolicyType::Session))
    }

    fn oidc_provider<'a>(&'a self, account: AccountId, url: &'a str) -> BoxFuture<'a, Result<Option<OidcProvider>>> {
        Box::pin(async move {
            let found = self
                .table::<records::OidcProvider>()
                .get(scope(&account), &[url])
                .await?;
            let keys = self
                .oidc_keys
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(url)
                .cloned();
            Ok(found.map(|found| OidcProvider {
                arn: found.record.arn,
                clients: found.record.clients,
                keys,
            }))
        })
    }

    fn home_account(&self) -> AccountId {
        self.home.account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let kept: Kept<String, u8> = Kept::default();
        let generation = kept.generation();
        kept.keep(generation, "a".to_owned(), &Arc::new(1));
        assert_eq!(kept.get("a").as_deref(), Some(&1));
        kept.forget(Change::Happened);
        assert!(kept.get("a").is_none());
        kept.keep(generation, "a".to_owned(), &Arc::new(1));
        assert!(kept.get("a").is_none());
    }

    #[test]
    fn while_a_change_is_under_way_nothing_is_kept_or_answered() {
        let kept: Kept<String, u8> = Kept::default();
        kept.forget(Change::Begins);
        kept.forget(Change::Begins);
        kept.keep(kept.generation(), "a".to_owned(), &Arc::new(1));
        kept.forget(Change::Ends);
        kept.keep(kept.generation(), "a".to_owned(), &Arc::new(1));
        assert!(kept.get("a").is_none());
        kept.forget(Change::Ends);
        assert!(kept.get("a").is_none());
        kept.keep(kept.generation(), "a".to_owned(), &Arc::new(1));
        assert_eq!(kept.get("a").as_deref(), Some(&1));
    }

    #[test]
    fn the_name_of_a_policy_is_the_last_part_of_its_arn() {
        let account = AccountId::parse("123456789012").unwrap();
        let name = |arn| customer_policy_name(account, arn);
        assert_eq!(name("arn:aws:iam::123456789012:policy/a/b/Deploy"), Some("Deploy"));
        assert_eq!(name("arn:aws:iam::210987654321:policy/Deploy"), None);
        assert_eq!(name("arn:aws:iam::123456789012:role/Deploy"), None);
    }
}
