//! The service authorization reference as tables.

use roadstead_policy::{
    Action, ActionId, Key, KeyId, KeyType, Operation, ResourceType, actions_of, known_services, service_name,
};

#[test]
fn every_action_is_found_by_its_name_in_any_letter_case() {
    assert_eq!(ActionId::all().count(), 2298);
    for id in ActionId::all() {
        let name = id.name();
        assert_eq!(ActionId::find(name), Some(id));
        assert_eq!(Action::named(&name.to_uppercase()).name(), name);
    }
    for unknown in ["", "ecs:", "ecs:Run", "ecs:RunTasks", "zzz:Zzz", ":", "*"] {
        assert_eq!(ActionId::find(unknown), None, "{unknown}");
        assert_eq!(Action::named(unknown).name(), unknown);
    }
}

#[test]
fn actions_have_levels_resources_keys_and_dependents() {
    let create = ActionId::find("ecs:CreateExpressGatewayService").unwrap();
    assert_eq!(create.access().names().collect::<Vec<_>>(), ["Write"]);
    let resources: Vec<_> = create.resources().collect();
    assert_eq!(resources.len(), 1);
    assert_eq!((resources[0].resource.name, resources[0].required), ("service", true));
    assert_eq!(
        resources[0].resource.arn,
        "arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}"
    );
    let keys: Vec<_> = resources[0].keys().map(KeyId::name).collect();
    assert_eq!(keys, ["aws:ResourceTag/${TagKey}", "ecs:cluster"]);
    assert!(create.keys().any(|key| key.name() == "ecs:task-cpu"));
    assert_eq!(
        create.dependents().collect::<Vec<_>>(),
        ["ecs:RegisterTaskDefinition", "iam:PassRole"]
    );
    let tag = ActionId::find("iam:TagRole").unwrap();
    assert!(tag.access().names().any(|level| level == "Tagging"));
    assert_eq!(ActionId::find("sts:GetCallerIdentity").unwrap().resources().count(), 0);
}

#[test]
fn services_and_their_types_are_listed() {
    assert_eq!(known_services().count(), 21);
    assert_eq!(actions_of("ecs").count(), 81);
    assert_eq!(actions_of("autoscaling").count(), 68);
    assert_eq!(ResourceType::of_service("ecs").count(), 13);
    assert_eq!(service_name("ecs"), Some("Amazon Elastic Container Service"));
    assert_eq!(service_name("a4b"), Some("Alexa for Business"));
    assert_eq!(service_name("nobody"), None);
}

#[test]
fn operations_name_their_actions_with_the_additions_that_no_data_set_has() {
    let further = |service, operation| {
        Operation::find(service, operation)
            .unwrap()
            .further_actions()
            .collect::<Vec<_>>()
    };
    for (service, operation) in [
        ("ecs", "CreateCluster"),
        ("ecs", "CreateService"),
        ("ecs", "UpdateService"),
        ("autoscaling", "CreateAutoScalingGroup"),
        ("elb", "CreateLoadBalancer"),
        ("elbv2", "CreateLoadBalancer"),
        ("application-autoscaling", "RegisterScalableTarget"),
    ] {
        assert!(
            further(service, operation).contains(&"iam:CreateServiceLinkedRole"),
            "{service} {operation}"
        );
    }
    let actions: Vec<_> = Operation::find("ecs", "RunTask").unwrap().actions().collect();
    assert_eq!(actions, ["ecs:RunTask", "iam:PassRole"]);
    let start: Vec<_> = Operation::find("ecs", "StartTask").unwrap().actions().collect();
    assert!(start.contains(&"iam:PassRole"));
    assert!(further("ecs", "UpdateService").contains(&"iam:PassRole"));
    assert_eq!(Operation::find("ecs", "Nothing"), None);
}

#[test]
fn keys_are_interned_whatever_their_letter_case() {
    assert_eq!(Key::parse("AWS:sourceip"), Key::Known(KeyId::SOURCE_IP));
    assert_eq!(
        Key::parse("aws:resourceTAG/Team"),
        Key::Tag(KeyId::RESOURCE_TAG, "Team")
    );
    assert_eq!(
        Key::parse("autoscaling:ResourceTag/a/b"),
        Key::Tag(KeyId::AUTOSCALING_RESOURCE_TAG, "a/b")
    );
    assert_eq!(Key::parse("aws:ResourceTag/"), Key::Tag(KeyId::RESOURCE_TAG, ""));
    assert_eq!(Key::parse("nobody:Knows/x"), Key::Other("nobody:Knows/x"));
    assert!(matches!(Key::parse("s3:ExistingObjectTag/Team"), Key::Tag(_, "Team")));
    assert!(Key::parse("aws:RequestTag/Team").is_named("AWS:requesttag/TEAM"));
    assert!(!Key::parse("aws:RequestTag/Team").is_named("aws:RequestTag/Teams"));
    assert_eq!(KeyId::TAG_KEYS.key_type(), KeyType::ArrayOfString);
    assert_eq!(Key::parse("aws:PrincipalTag/x").to_string(), "aws:PrincipalTag/x");
}
