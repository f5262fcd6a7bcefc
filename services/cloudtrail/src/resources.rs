//! The resources of an event, as lookups list them and search for them.

use api_cloudtrail::Resource;
use roadstead_kernel::audit::Record;
use serde_json::Value;

/// Members of parameters that name a resource of IAM, and its type.
const IAM: [(&str, &str); 6] = [
    ("roleName", "AWS::IAM::Role"),
    ("userName", "AWS::IAM::User"),
    ("groupName", "AWS::IAM::Group"),
    ("policyArn", "AWS::IAM::Policy"),
    ("instanceProfileName", "AWS::IAM::InstanceProfile"),
    ("accessKeyId", "AWS::IAM::AccessKey"),
];
/// The same for EC2.
const EC2: [(&str, &str); 6] = [
    ("networkInterfaceId", "AWS::EC2::NetworkInterface"),
    ("subnetId", "AWS::EC2::Subnet"),
    ("vpcId", "AWS::EC2::VPC"),
    ("groupId", "AWS::EC2::SecurityGroup"),
    ("instanceId", "AWS::EC2::Instance"),
    ("routeTableId", "AWS::EC2::RouteTable"),
];

/// The name of a cluster that nobody named.
pub const DEFAULT: &str = "default";

/// The resources of a record; reads have none.
pub fn of(record: &Record) -> Vec<Resource> {
    if record.read_only {
        return Vec::new();
    }
    match &*record.service {
        "ecs" => ecs(record).into_iter().collect(),
        "iam" => iam(record),
        "ec2" => ec2(record),
        "sts" => text(record.parameters.as_ref(), "roleArn")
            .map(|arn| resource("AWS::IAM::Role", arn))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// Named in the call, or made by it: a service-linked role's name is the service's choice.
fn iam(record: &Record) -> Vec<Resource> {
    let mut found = named(record, &IAM);
    if record.operation == "CreateServiceLinkedRole" {
        let made = record.response.as_ref().and_then(|made| made.get("role"));
        found.extend(text(made, "roleName").map(|name| resource("AWS::IAM::Role", name)));
    }
    found
}

fn ec2(record: &Record) -> Vec<Resource> {
    let mut found = named(record, &EC2);
    if record.operation == "CreateNetworkInterface" {
        let groups = record
            .parameters
            .as_ref()
            .and_then(|asked| asked.get("groups")?.as_array());
        let ids = groups.into_iter().flatten().filter_map(Value::as_str);
        found.extend(ids.map(|id| resource("AWS::EC2::SecurityGroup", id)));
        let made = record.response.as_ref().and_then(|made| made.get("networkInterface"));
        found.extend(text(made, "networkInterfaceId").map(|id| resource("AWS::EC2::NetworkInterface", id)));
    }
    found
}

fn ecs(record: &Record) -> Option<Resource> {
    match &*record.operation {
        // AWS: the cluster as the caller wrote it, and when the call failed too.
        "CreateCluster" => {
            let name = text(record.parameters.as_ref(), "clusterName").unwrap_or(DEFAULT);
            Some(resource("AWS::ECS::Cluster", name))
        }
        "DeleteCluster" | "UpdateClusterSettings" => {
            text(record.parameters.as_ref(), "cluster").map(|name| resource("AWS::ECS::Cluster", name))
        }
        "RegisterTaskDefinition" => {
            let made = record.response.as_ref()?.get("taskDefinition");
            text(made, "taskDefinitionArn").map(|arn| resource("AWS::ECS::TaskDefinition", arn))
        }
        _ => None,
    }
}

fn named(record: &Record, members: &[(&str, &str)]) -> Vec<Resource> {
    let found = members
        .iter()
        .filter_map(|(member, kind)| text(record.parameters.as_ref(), member).map(|name| resource(kind, name)));
    found.collect()
}

fn text<'a>(value: Option<&'a Value>, member: &str) -> Option<&'a str> {
    value?.get(member)?.as_str()
}

fn resource(kind: &str, name: &str) -> Resource {
    Resource {
        resource_type: Some(kind.to_owned()),
        resource_name: Some(name.to_owned()),
    }
}
