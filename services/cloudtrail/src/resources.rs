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

/// The resources of a record; reads have none.
pub fn of(record: &Record) -> Vec<Resource> {
    if record.read_only {
        return Vec::new();
    }
    match &*record.service {
        "ecs" => ecs(record).into_iter().collect(),
        "iam" => named(record, &IAM),
        "ec2" => named(record, &EC2),
        "sts" => text(record.parameters.as_ref(), "roleArn")
            .map(|arn| resource("AWS::IAM::Role", arn))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

fn ecs(record: &Record) -> Option<Resource> {
    match &*record.operation {
        // AWS: the cluster as the caller wrote it, and when the call failed too.
        "CreateCluster" => {
            let name = text(record.parameters.as_ref(), "clusterName").unwrap_or("default");
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
