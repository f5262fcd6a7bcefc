//! What calls need to be allowed.

use crate::world::World;

fn allow(statements: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#)
}

#[tokio::test]
async fn an_interface_needs_its_subnet_and_groups_too() {
    let world = World::new();
    let (subnet, group) = (world.subnet('a').await, world.group("tasks").await);
    let on = |resources: &str| {
        allow(&format!(
            r#"{{"Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": [{resources}]}}"#
        ))
    };
    let all = [
        r#""arn:aws:ec2:us-east-1:123456789012:network-interface/*""#.to_owned(),
        format!(r#""arn:aws:ec2:us-east-1:123456789012:subnet/{subnet}""#),
        format!(r#""arn:aws:ec2:us-east-1:123456789012:security-group/{group}""#),
    ];
    let input = [("SubnetId", subnet.as_str()), ("SecurityGroupId.1", group.as_str())];
    for left_out in 0..3 {
        let mut some = all.to_vec();
        some.remove(left_out);
        let user = world.user(&format!("user{left_out}"), &on(&some.join(",")));
        let answer = world.call(&user, "us-east-1", "CreateNetworkInterface", &input).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "UnauthorizedOperation"),
            "{left_out}"
        );
    }
    let user = world.user("whole", &on(&all.join(",")));
    world.ok_as(&user, "CreateNetworkInterface", &input).await;

    // Tags in the same call are a permission of their own.
    let tagged = [
        input[0],
        input[1],
        ("TagSpecification.1.ResourceType", "network-interface"),
        ("TagSpecification.1.Tag.1.Key", "team"),
        ("TagSpecification.1.Tag.1.Value", "red"),
    ];
    let answer = world.call(&user, "us-east-1", "CreateNetworkInterface", &tagged).await;
    assert_eq!(answer.code(), "UnauthorizedOperation");
    let tagging = allow(&format!(
        r#"{{"Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": "*"}},
           {{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": {},
             "Condition": {{"StringEquals": {{"ec2:CreateAction": "CreateNetworkInterface", "aws:RequestTag/team": "red"}}}}}}"#,
        all[0]
    ));
    let user = world.user("tagger", &tagging);
    let made = world.ok_as(&user, "CreateNetworkInterface", &tagged).await;
    assert!(made.text("tagSet").contains("<key>team</key>"));
    // By itself, the same action is not one that comes with a creation.
    let own = [
        ("ResourceId.1", &*made.text("networkInterfaceId")),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "red"),
    ]
    .map(|(k, v)| (k, v.to_owned()));
    let own: Vec<(&str, &str)> = own.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let answer = world.call(&user, "us-east-1", "CreateTags", &own).await;
    assert_eq!(answer.code(), "UnauthorizedOperation");
}

#[tokio::test]
async fn a_resource_s_tags_and_properties_decide() {
    let world = World::new();
    let policy = allow(
        r#"{"Effect": "Allow", "Action": "ec2:DeleteNetworkInterface", "Resource": "*",
            "Condition": {"StringEquals": {"ec2:ResourceTag/team": "red", "ec2:AvailabilityZone": "us-east-1a"}}}"#,
    );
    let user = world.user("red", &policy);
    for (letter, team, status) in [('a', "red", 200), ('a', "blue", 403), ('b', "red", 403)] {
        let subnet = world.subnet(letter).await;
        let made = world.ok("CreateNetworkInterface", &[("SubnetId", &subnet)]).await;
        let id = made.text("networkInterfaceId");
        world
            .ok(
                "CreateTags",
                &[("ResourceId.1", &id), ("Tag.1.Key", "team"), ("Tag.1.Value", team)],
            )
            .await;
        let answer = world
            .call(
                &user,
                "us-east-1",
                "DeleteNetworkInterface",
                &[("NetworkInterfaceId", &id)],
            )
            .await;
        assert_eq!(answer.status, status, "{letter} {team}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_region_is_a_condition_key() {
    let world = World::new();
    let policy = allow(
        r#"{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*",
            "Condition": {"StringEquals": {"ec2:Region": "eu-west-1"}}}"#,
    );
    let user = world.user("european", &policy);
    for (region, status) in [("eu-west-1", 200), ("us-east-1", 403)] {
        let answer = world.call(&user, region, "DescribeSubnets", &[]).await;
        assert_eq!(answer.status, status, "{region}");
    }
}

#[tokio::test]
async fn a_dry_run_tells_what_would_happen_and_does_nothing() {
    let world = World::new();
    let subnet = world.subnet('a').await;
    let input = [("SubnetId", subnet.as_str()), ("DryRun", "true")];
    let answer = world
        .call(&world.root, "us-east-1", "CreateNetworkInterface", &input)
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (412, "DryRunOperation"));
    let nobody = world.user(
        "nobody",
        &allow(r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#),
    );
    let answer = world.call(&nobody, "us-east-1", "CreateNetworkInterface", &input).await;
    assert_eq!(answer.code(), "UnauthorizedOperation");
    assert!(
        !world
            .ok("DescribeNetworkInterfaces", &[])
            .await
            .has("networkInterfaceId")
    );
}

#[tokio::test]
async fn ecs_can_do_with_interfaces_what_its_policy_says_and_no_more() {
    let world = World::new();
    let vpc = world.default_vpc().await;
    for (operation, input) in [
        (
            "CreateTags",
            vec![("ResourceId.1", vpc.as_str()), ("Tag.1.Key", "a"), ("Tag.1.Value", "b")],
        ),
        (
            "CreateSecurityGroup",
            vec![("GroupName", "web"), ("GroupDescription", "web")],
        ),
        (
            "ModifyNetworkInterfaceAttribute",
            vec![("NetworkInterfaceId", "eni-0123456789abcdef0")],
        ),
    ] {
        let answer = world.call(&world.ecs, "us-east-1", operation, &input).await;
        assert_eq!(answer.code(), "UnauthorizedOperation", "{operation}");
    }
}
