//! Who needs which policy: the rules by kind of caller and by what a resource's policy names.

use roadstead_policy::Outcome::{Allow, ExplicitDeny, ImplicitDeny};
use roadstead_policy::reference::{self, Documents, ResourceRules};
use roadstead_policy::{Action, Document, Outcome, PolicyType, Principal, Request, Resource};

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const USER: &str = "arn:aws:iam::111122223333:user/dev/alice";
const ROLE: &str = "arn:aws:iam::111122223333:role/path/app";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/s1";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/fred";
const ROOT: &str = "arn:aws:iam::111122223333:root";

fn document(statement: &str) -> Document {
    Document::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#)).unwrap()
}

fn everything() -> Document {
    document(r#""Effect":"Allow","Action":"*","Resource":"*""#)
}

fn nothing() -> Document {
    document(r#""Effect":"Allow","Action":"nobody:Knows","Resource":"*""#)
}

/// A resource policy that allows everything to `principal`, given as JSON.
fn grant(principal: &str) -> Document {
    document(&format!(
        r#""Effect":"Allow","Principal":{principal},"Action":"*","Resource":"*""#
    ))
}

fn aws(name: &str) -> Document {
    grant(&format!(r#"{{"AWS":"{name}"}}"#))
}

fn check(principal: &Principal, owner: &str, documents: &Documents, outcome: Outcome, by: Option<PolicyType>) {
    let request = Request::new(principal, Action::named("kms:Decrypt"), Resource::ANY, &()).owned_by(owner);
    let compiled = documents.compile();
    let decision = compiled.decide(&request);
    let denying = decision.policy_type.filter(|_| !decision.is_allowed());
    assert_eq!((decision.outcome, denying), (outcome, by), "engine, {principal:?}");
    assert_eq!(
        reference::evaluate(documents, &request),
        (outcome, by),
        "reference, {principal:?}"
    );
}

fn with_resource(policy: Document, rules: ResourceRules) -> Documents {
    Documents {
        resource: Some((policy, rules)),
        ..Documents::default()
    }
}

#[test]
fn a_grant_in_the_same_account_replaces_what_its_principal_says() {
    let user = Principal::user(USER);
    let role = Principal::role_session(SESSION, ROLE);
    let federated = Principal::federated_session(FEDERATED, Some(USER));
    // Which of identity, boundary and session policy may be silent.
    for (caller, named, identity, boundary, session) in [
        (&user, USER, true, true, false),
        (&role, SESSION, true, true, true),
        (&federated, FEDERATED, true, true, true),
        (&role, ROLE, true, false, false),
        (&federated, USER, true, false, false),
        (&user, ROOT, false, false, false),
        (&user, OWN, false, false, false),
        (&role, OWN, false, false, false),
        (&user, "*", true, false, false),
        (&role, "*", true, false, false),
    ] {
        let base = || Documents {
            identity: vec![everything()],
            session: Some(vec![everything()]),
            boundary: Some(everything()),
            ..with_resource(aws(named), ResourceRules::Ordinary)
        };
        let expect = |silent: bool, kind| {
            if silent {
                (Allow, None)
            } else {
                (ImplicitDeny, Some(kind))
            }
        };
        check(caller, OWN, &base(), Allow, None);
        let (outcome, by) = expect(identity, PolicyType::Identity);
        check(
            caller,
            OWN,
            &Documents {
                identity: vec![],
                ..base()
            },
            outcome,
            by,
        );
        let (outcome, by) = expect(boundary, PolicyType::Boundary);
        check(
            caller,
            OWN,
            &Documents {
                boundary: Some(nothing()),
                ..base()
            },
            outcome,
            by,
        );
        let (outcome, by) = expect(session, PolicyType::Session);
        check(
            caller,
            OWN,
            &Documents {
                session: Some(vec![nothing()]),
                ..base()
            },
            outcome,
            by,
        );
    }
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let user = Principal::user(USER);
    for named in [USER, ROOT, OWN, "*"] {
        let granted = with_resource(aws(named), ResourceRules::Ordinary);
        check(&user, OTHER, &granted, ImplicitDeny, Some(PolicyType::Identity));
        let both = Documents {
            identity: vec![everything()],
            ..granted
        };
        check(&user, OTHER, &both, Allow, None);
        let limited = Documents {
            boundary: Some(nothing()),
            ..both
        };
        check(&user, OTHER, &limited, ImplicitDeny, Some(PolicyType::Boundary));
    }
    let identity = Documents {
        identity: vec![everything()],
        ..Documents::default()
    };
    check(&user, OTHER, &identity, ImplicitDeny, Some(PolicyType::Resource));
    let third = with_resource(aws("arn:aws:iam::777788889999:root"), ResourceRules::Ordinary);
    check(
        &user,
        OTHER,
        &Documents {
            identity: vec![everything()],
            ..third
        },
        ImplicitDeny,
        Some(PolicyType::Resource),
    );
}

#[test]
fn key_and_trust_policies_must_allow_themselves() {
    let user = Principal::user(USER);
    for (rules, kind) in [
        (ResourceRules::Key, PolicyType::Resource),
        (ResourceRules::Trust(false), PolicyType::Trust),
    ] {
        let allowed = |policy| Documents {
            identity: vec![everything()],
            ..with_resource(policy, rules)
        };
        check(
            &user,
            OWN,
            &allowed(aws("arn:aws:iam::111122223333:user/bob")),
            ImplicitDeny,
            Some(kind),
        );
        check(&user, OWN, &allowed(aws(ROOT)), Allow, None);
        check(
            &user,
            OWN,
            &with_resource(aws(ROOT), rules),
            ImplicitDeny,
            Some(PolicyType::Identity),
        );
        check(&user, OWN, &with_resource(aws(USER), rules), Allow, None);
    }
}

#[test]
fn services_providers_and_strangers_have_only_the_resource_side() {
    let service = Principal::service("ecs.amazonaws.com");
    let provider = Principal::federated("cognito-identity.amazonaws.com");
    for (caller, named, outcome) in [
        (&service, r#"{"Service":"ecs.amazonaws.com"}"#, Allow),
        (
            &service,
            r#"{"Service":["ec2.amazonaws.com","ecs.amazonaws.com"]}"#,
            Allow,
        ),
        (&service, r#"{"Service":"ecs-tasks.amazonaws.com"}"#, ImplicitDeny),
        (&service, r#"{"Service":"ECS.amazonaws.com"}"#, ImplicitDeny),
        (&service, r#"{"AWS":"111122223333"}"#, ImplicitDeny),
        (&service, r#""*""#, Allow),
        (&provider, r#"{"Federated":"cognito-identity.amazonaws.com"}"#, Allow),
        (
            &provider,
            r#"{"Service":"cognito-identity.amazonaws.com"}"#,
            ImplicitDeny,
        ),
        (&Principal::anonymous(), r#""*""#, Allow),
        (&Principal::anonymous(), r#"{"AWS":"*"}"#, Allow),
        (&Principal::anonymous(), r#"{"AWS":"111122223333"}"#, ImplicitDeny),
    ] {
        let by = (outcome == ImplicitDeny).then_some(PolicyType::Trust);
        check(
            caller,
            OWN,
            &with_resource(grant(named), ResourceRules::Trust(false)),
            outcome,
            by,
        );
    }
    check(
        &service,
        OWN,
        &Documents::default(),
        ImplicitDeny,
        Some(PolicyType::Resource),
    );
}

#[test]
fn root_needs_no_policy_but_obeys_scps_and_explicit_denies() {
    let root = Principal::root(ROOT);
    check(&root, OWN, &Documents::default(), Allow, None);
    check(
        &root,
        OWN,
        &Documents {
            boundary: Some(nothing()),
            ..Documents::default()
        },
        Allow,
        None,
    );
    let scps = |policy| Documents {
        scps: vec![vec![everything()], vec![policy]],
        ..Documents::default()
    };
    check(&root, OWN, &scps(nothing()), ImplicitDeny, Some(PolicyType::Scp));
    check(&root, OWN, &scps(everything()), Allow, None);
    let deny = document(r#""Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*""#);
    check(
        &root,
        OWN,
        &with_resource(deny, ResourceRules::Ordinary),
        ExplicitDeny,
        Some(PolicyType::Resource),
    );
    check(
        &root,
        OTHER,
        &Documents::default(),
        ImplicitDeny,
        Some(PolicyType::Resource),
    );
}

#[test]
fn absent_is_not_empty() {
    let user = Principal::user(USER);
    let base = || Documents {
        identity: vec![everything()],
        ..Documents::default()
    };
    check(&user, OWN, &base(), Allow, None);
    check(
        &user,
        OWN,
        &Documents {
            session: Some(vec![]),
            ..base()
        },
        ImplicitDeny,
        Some(PolicyType::Session),
    );
    check(
        &user,
        OWN,
        &Documents {
            scps: vec![vec![]],
            ..base()
        },
        ImplicitDeny,
        Some(PolicyType::Scp),
    );
    check(
        &user,
        OWN,
        &Documents {
            rcps: vec![vec![]],
            ..base()
        },
        Allow,
        None,
    );
    check(
        &user,
        OWN,
        &Documents {
            boundary: Some(nothing()),
            ..base()
        },
        ImplicitDeny,
        Some(PolicyType::Boundary),
    );
}

#[test]
fn an_rcp_does_not_keep_the_service_from_its_role() {
    let rcp = document(r#""Effect":"Deny","Principal":"*","Action":"*","Resource":"*""#);
    let service = Principal::service("ecs.amazonaws.com");
    let trust = |linked| Documents {
        rcps: vec![vec![rcp.clone()]],
        ..with_resource(
            grant(r#"{"Service":"ecs.amazonaws.com"}"#),
            ResourceRules::Trust(linked),
        )
    };
    check(&service, OWN, &trust(true), Allow, None);
    check(&service, OWN, &trust(false), ExplicitDeny, Some(PolicyType::Rcp));
}

#[test]
fn not_principal_spares_exactly_those_it_lists() {
    let role = Principal::role_session(SESSION, ROLE);
    let user = Principal::user(USER);
    let deny = |listed: &str| Documents {
        identity: vec![everything()],
        ..with_resource(
            document(&format!(
                r#""Effect":"Deny","NotPrincipal":{{"AWS":[{listed}]}},"Action":"*","Resource":"*""#
            )),
            ResourceRules::Ordinary,
        )
    };
    let list = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("{name:?}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    for (caller, names, outcome) in [
        (&user, &[USER, ROOT][..], Allow),
        (&user, &[USER], Allow),
        (&user, &[ROOT], ExplicitDeny),
        (&user, &["arn:aws:iam::111122223333:user/*"], ExplicitDeny),
        (&role, &[ROLE, SESSION, ROOT], Allow),
        (&role, &[USER], ExplicitDeny),
    ] {
        let by = (outcome == ExplicitDeny).then_some(PolicyType::Resource);
        check(caller, OWN, &deny(&list(names)), outcome, by);
    }
}

#[test]
fn the_canonical_user_id_names_the_account() {
    let owner = Principal::user(USER).with_canonical_user("79a59df900b949e5");
    let granted = || {
        with_resource(
            grant(r#"{"CanonicalUser":"79a59df900b949e5"}"#),
            ResourceRules::Ordinary,
        )
    };
    let with_identity = |documents| Documents {
        identity: vec![everything()],
        ..documents
    };
    check(&owner, OTHER, &with_identity(granted()), Allow, None);
    check(
        &Principal::user(USER),
        OTHER,
        &with_identity(granted()),
        ImplicitDeny,
        Some(PolicyType::Resource),
    );
}
