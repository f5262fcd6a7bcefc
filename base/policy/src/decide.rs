//! The decision: which policies are asked, in which order, and what their answers come to.

use std::sync::Arc;

use crate::action::ActionId;
use crate::document::Effect;
use crate::matching::Grant;
use crate::principal::PrincipalKind;
use crate::program::{PolicyLabel, PolicyType, Program};
use crate::request::Request;

/// The policies at one level of an organization (root, unit, account).
pub type Level = Vec<Arc<Program>>;

/// The policies that govern one principal, made when a policy or attachment is written, then shared.
///
/// Absent and empty differ: no boundary limits nothing, an empty boundary document allows nothing.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    /// The user's own and attached policies with those of all groups; the role's; the issuing user's.
    pub identity: Vec<Arc<Program>>,
    /// The permissions boundary.
    pub boundary: Option<Arc<Program>>,
    /// The policies passed when the session was made; together they must allow. `None`: none were passed.
    pub session: Option<Vec<Arc<Program>>>,
    /// The service control policies of the principal's account, root first: one list per level, each of which must
    /// allow. No levels: not in an organization, or its management account.
    pub scps: Vec<Level>,
}

/// The policies on the resource's side.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResourceSide<'a> {
    /// The policy on the resource itself.
    pub policy: ResourcePolicy<'a>,
    /// The resource control policies of the resource's account, root first. `RCPFullAWSAccess` is implied.
    pub rcps: &'a [Level],
    /// The policy of the VPC endpoint through which the call comes.
    pub endpoint: Option<&'a Program>,
}

/// The policy on a resource, by the rules that apply to its kind.
#[derive(Clone, Copy, Debug, Default)]
pub enum ResourcePolicy<'a> {
    /// The resource has none.
    #[default]
    Absent,
    /// An ordinary one: in the same account it or an identity policy allows.
    Resource(&'a Program),
    /// A key policy: it must allow itself, in the same account too.
    Key(&'a Program),
    /// The trust policy of a role that is to be assumed: it must allow itself.
    Trust {
        /// The policy.
        program: &'a Program,
        /// Whether the role is a service-linked one, which nobody but its service may assume.
        service_linked: bool,
    },
}

impl<'a> ResourcePolicy<'a> {
    /// The policy, if there is one.
    pub fn program(self) -> Option<&'a Program> {
        match self {
            Self::Absent => None,
            Self::Resource(program) | Self::Key(program) | Self::Trust { program, .. } => Some(program),
        }
    }

    /// What messages call such a policy.
    pub fn policy_type(self) -> PolicyType {
        if matches!(self, Self::Trust { .. }) {
            PolicyType::Trust
        } else {
            PolicyType::Resource
        }
    }

    fn must_allow(self) -> bool {
        matches!(self, Self::Key(_) | Self::Trust { .. })
    }

    fn is_service_linked(self) -> bool {
        matches!(
            self,
            Self::Trust {
                service_linked: true,
                ..
            }
        )
    }
}

/// The outcome of an evaluation, as IAM names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Allowed.
    Allow,
    /// A statement denies.
    ExplicitDeny,
    /// Nothing allows, where something would have to.
    ImplicitDeny,
}

impl Outcome {
    /// `allowed`, `explicitDeny` or `implicitDeny` (`PolicyEvaluationDecisionType`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
        }
    }
}

/// A statement of a policy.
#[derive(Clone, Copy)]
pub struct StatementRef<'a> {
    /// The policy.
    pub program: &'a Program,
    /// The statement's place in it, counted from 0.
    pub index: u32,
}

impl<'a> StatementRef<'a> {
    /// What the policy is called.
    pub fn label(&self) -> &'a PolicyLabel {
        self.program.label()
    }

    /// The statement's `Sid`, if it has one.
    pub fn sid(&self) -> Option<&'a str> {
        self.program.sid(self.index)
    }
}

impl std::fmt::Debug for StatementRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}]", self.program.label.name, self.index)
    }
}

/// What [`evaluate`] found. Borrows from the policies; nothing was allocated.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The outcome.
    pub outcome: Outcome,
    /// The type of policy that decided: that of the statement, or the one that would have had to allow and did not.
    /// `None` for what is allowed without any policy (root, calls that need no permission).
    pub policy_type: Option<PolicyType>,
    /// The statement that allows or denies; `None` when nothing does.
    pub statement: Option<StatementRef<'a>>,
    /// Whether the message gives no reason.
    pub(crate) unexplained: bool,
}

impl<'a> Decision<'a> {
    /// Whether the call may go on.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allow
    }

    fn allow(policy_type: Option<PolicyType>, statement: Option<StatementRef<'a>>) -> Self {
        Self {
            outcome: Outcome::Allow,
            policy_type,
            statement,
            unexplained: false,
        }
    }

    fn deny(policy_type: PolicyType, statement: StatementRef<'a>) -> Self {
        let statement = Some(statement);
        Self {
            outcome: Outcome::ExplicitDeny,
            policy_type: Some(policy_type),
            statement,
            unexplained: false,
        }
    }

    fn missing(policy_type: PolicyType) -> Self {
        Self {
            outcome: Outcome::ImplicitDeny,
            policy_type: Some(policy_type),
            statement: None,
            unexplained: false,
        }
    }
}

/// Whether an action needs no permission: not even an explicit deny stops it.
pub(crate) fn needs_no_permission(request: &Request<'_>) -> bool {
    const GET_CALLER_IDENTITY: Option<ActionId> = ActionId::find("sts:GetCallerIdentity");
    const GET_SESSION_TOKEN: Option<ActionId> = ActionId::find("sts:GetSessionToken");
    request.action.id.is_some() && (request.action.id == GET_CALLER_IDENTITY || request.action.id == GET_SESSION_TOKEN)
}

/// Whether service and resource control policies apply.
pub(crate) fn exemptions(side: &ResourceSide<'_>, request: &Request<'_>) -> (bool, bool) {
    let exempt = request.principal.is_service_linked();
    (!exempt, !exempt && !side.policy.is_service_linked())
}

/// Whether the resource belongs to the caller's account.
pub(crate) fn same_account(request: &Request<'_>) -> bool {
    match (request.principal.account(), request.resource_account) {
        (Some(own), Some(other)) => own == other,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Decides one request. Takes no lock, allocates nothing (but for filled-in variables longer than 256 bytes), never
/// fails.
///
/// Explicit denies come first, whichever policy holds them; when several deny, the decision names the first in the
/// order SCP, RCP, resource or trust policy, identity, boundary, session, endpoint.
pub fn evaluate<'a>(policies: &'a PolicySet, side: &ResourceSide<'a>, request: &Request<'_>) -> Decision<'a> {
    if needs_no_permission(request) {
        return Decision::allow(None, None);
    }
    let (scps_apply, rcps_apply) = exemptions(side, request);
    let scps = if scps_apply { policies.scps.as_slice() } else { &[] };
    let rcps = if rcps_apply { side.rcps } else { &[] };

    let mut scp_missing = false;
    for level in scps {
        match first_answer(level, request, PolicyType::Scp) {
            Answer::Deny(statement) => return Decision::deny(PolicyType::Scp, statement),
            Answer::Allow(_) => {}
            Answer::Nothing => scp_missing = true,
        }
    }
    for program in rcps.iter().flatten() {
        if let Some(index) = program.denying(request, true) {
            return Decision::deny(PolicyType::Rcp, StatementRef { program, index });
        }
    }
    let mut grant = (Grant::NONE, None);
    if let Some(program) = side.policy.program() {
        if let Some(index) = program.denying(request, true) {
            return Decision::deny(side.policy.policy_type(), StatementRef { program, index });
        }
        grant = program.granting(request);
    }
    let identity = match first_answer(&policies.identity, request, PolicyType::Identity) {
        Answer::Deny(statement) => return Decision::deny(PolicyType::Identity, statement),
        Answer::Allow(statement) => Some(statement),
        Answer::Nothing => None,
    };
    let boundary = match policies
        .boundary
        .as_deref()
        .map(|program| program.answer(request, false, true))
    {
        Some(Answer::Deny(statement)) => return Decision::deny(PolicyType::Boundary, statement),
        Some(Answer::Nothing) => false,
        Some(Answer::Allow(_)) | None => true,
    };
    let session = match policies
        .session
        .as_deref()
        .map(|level| first_answer(level, request, PolicyType::Session))
    {
        Some(Answer::Deny(statement)) => return Decision::deny(PolicyType::Session, statement),
        Some(Answer::Nothing) => false,
        Some(Answer::Allow(_)) => true,
        None => !matches!(request.principal.kind, PrincipalKind::FederatedSession { .. }),
    };
    let endpoint = match side.endpoint.map(|program| program.answer(request, true, true)) {
        Some(Answer::Deny(statement)) => return Decision::deny(PolicyType::Endpoint, statement),
        Some(Answer::Nothing) => false,
        Some(Answer::Allow(_)) | None => true,
    };
    if scp_missing {
        return Decision::missing(PolicyType::Scp);
    }
    let decision = granted(side.policy, request, grant, identity, boundary, session);
    if decision.is_allowed() && !endpoint {
        Decision::missing(PolicyType::Endpoint)
    } else {
        decision
    }
}

/// The decision when nothing denies and the organization does not object.
fn granted<'a>(
    policy: ResourcePolicy<'a>,
    request: &Request<'_>,
    (grant, granting): (Grant, Option<StatementRef<'a>>),
    identity: Option<StatementRef<'a>>,
    boundary: bool,
    session: bool,
) -> Decision<'a> {
    let same_account = same_account(request);
    if grant == Grant::NONE && (policy.must_allow() || !same_account) {
        let unexplained = policy.is_service_linked() && request.principal.kind != PrincipalKind::Service;
        return Decision {
            unexplained,
            ..Decision::missing(policy.policy_type())
        };
    }
    let by_resource = || Decision::allow(Some(policy.policy_type()), granting);
    if request.principal.account().is_none() {
        return by_resource();
    }
    // Across accounts a grant opens the resource's side only.
    let bypassed = if same_account { grant } else { Grant::NONE };
    if request.principal.kind == PrincipalKind::Root {
        return if granting.is_some() {
            by_resource()
        } else {
            Decision::allow(None, None)
        };
    }
    if identity.is_none() && !bypassed.has(Grant::IDENTITY) {
        return Decision::missing(PolicyType::Identity);
    }
    if !boundary && !bypassed.has(Grant::BOUNDARY) {
        return Decision::missing(PolicyType::Boundary);
    }
    if !session && !bypassed.has(Grant::SESSION) {
        return Decision::missing(PolicyType::Session);
    }
    match identity {
        Some(statement) => Decision::allow(Some(PolicyType::Identity), Some(statement)),
        None => by_resource(),
    }
}

/// What a policy, or several of one kind, say to a request.
pub(crate) enum Answer<'a> {
    Allow(StatementRef<'a>),
    Deny(StatementRef<'a>),
    Nothing,
}

fn first_answer<'a>(programs: &'a [Arc<Program>], request: &Request<'_>, kind: PolicyType) -> Answer<'a> {
    let mut found = Answer::Nothing;
    for program in programs {
        let wanted = matches!(found, Answer::Nothing);
        match program.answer(request, kind.names_principals(), wanted) {
            Answer::Nothing => {}
            Answer::Deny(statement) => return Answer::Deny(statement),
            Answer::Allow(statement) => found = Answer::Allow(statement),
        }
    }
    found
}

impl Program {
    /// The first statement that denies; else, if wanted, the first that allows.
    fn answer(&self, request: &Request<'_>, principals: bool, allow_wanted: bool) -> Answer<'_> {
        if let Some(index) = self.denying(request, principals) {
            return Answer::Deny(StatementRef { program: self, index });
        }
        let allowing = if allow_wanted {
            self.first(Effect::Allow, request, principals)
        } else {
            None
        };
        allowing.map_or(Answer::Nothing, |index| {
            Answer::Allow(StatementRef { program: self, index })
        })
    }

    /// The first statement that denies the request.
    fn denying(&self, request: &Request<'_>, principals: bool) -> Option<u32> {
        if !self.has_deny {
            return None;
        }
        self.first(Effect::Deny, request, principals)
    }

    /// What the Allow statements that apply grant together, and the first of them.
    fn granting(&self, request: &Request<'_>) -> (Grant, Option<StatementRef<'_>>) {
        let mut total = (Grant::NONE, None);
        self.visit(Effect::Allow, request, |index| {
            if let Some(statement) = self.statements.get(index as usize) {
                let grant = self.grant(statement, request.principal);
                if !total.0.has(grant) && self.rest_matches(statement, request) {
                    total.0 = total.0.with(grant);
                    total.1 = total.1.or(Some(StatementRef { program: self, index }));
                }
            }
            false
        });
        total
    }

    fn first(&self, effect: Effect, request: &Request<'_>, principals: bool) -> Option<u32> {
        let mut found = None;
        self.visit(effect, request, |index| {
            let applies = self.statements.get(index as usize).is_some_and(|statement| {
                (!principals || self.grant(statement, request.principal) != Grant::NONE)
                    && self.rest_matches(statement, request)
            });
            if applies {
                found = Some(index);
            }
            applies
        });
        found
    }

    /// Calls `seen` with each statement of the effect whose action part matches, until it says that it has enough.
    #[inline]
    fn visit(&self, effect: Effect, request: &Request<'_>, mut seen: impl FnMut(u32) -> bool) {
        let Some(row) = self.row(request) else {
            for (index, statement) in (0_u32..).zip(&self.statements) {
                if statement.effect == effect && self.action_matches(statement, request.action.name) && seen(index) {
                    return;
                }
            }
            return;
        };
        for ((word, deny), at) in row.iter().zip(&self.index.deny).zip((0_usize..).step_by(64)) {
            let mut bits = if effect == Effect::Deny {
                word & deny
            } else {
                word & !deny
            };
            while bits != 0 {
                let entry = self.index.entries.get(at + bits.trailing_zeros() as usize);
                bits &= bits - 1;
                if let Some(entry) = entry
                    && let Some(statement) = self.statements.get(entry.statement as usize)
                    && self.entry_matches(entry, statement, request)
                    && seen(entry.statement)
                {
                    return;
                }
            }
        }
    }
}
