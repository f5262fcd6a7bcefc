"""The network that an account has from the start."""

from pytest import refused

from roadstead import ACCOUNT


def test_each_region_has_a_default_vpc_with_a_subnet_in_each_of_three_zones(own_server):
    for region in ("us-east-1", "eu-central-1"):
        ec2 = own_server.client("ec2", region=region)
        vpcs = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        assert len(vpcs) == 1 and vpcs[0]["CidrBlock"] == "172.31.0.0/16"
        subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpcs[0]["VpcId"]]}])["Subnets"]
        assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3
        assert all(subnet["DefaultForAz"] and subnet["OwnerId"] == ACCOUNT for subnet in subnets)
        groups = ec2.describe_security_groups()["SecurityGroups"]
        assert [group["GroupName"] for group in groups] == ["default"]


def test_what_does_not_exist_is_told_in_awss_words(server):
    ec2 = server.client("ec2")
    with refused("InvalidSubnetID.NotFound", "The subnet ID 'subnet-00000000000000000' does not exist", 400):
        ec2.describe_subnets(SubnetIds=["subnet-00000000000000000"])
    with refused("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID 'eni-00000000000000000' does not exist", 400):
        ec2.describe_network_interfaces(NetworkInterfaceIds=["eni-00000000000000000"])


def test_an_interface_takes_an_address_and_gives_it_back(own_server):
    ec2 = own_server.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    free = lambda: ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"][0]["AvailableIpAddressCount"]
    before = free()
    made = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Description="mine")["NetworkInterface"]
    assert made["SubnetId"] == subnet["SubnetId"] and free() == before - 1
    shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[made["NetworkInterfaceId"]])["NetworkInterfaces"][0]
    assert (shown["Description"], shown["Status"], shown["RequesterManaged"]) == ("mine", "available", False)
    ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    assert free() == before


def test_a_denied_call_is_an_unauthorized_operation(server, user):
    _, keys = user()
    with refused("UnauthorizedOperation", status=403) as caught:
        server.client("ec2", keys).describe_vpcs()
    assert caught.value.response["Error"]["Message"].startswith("You are not authorized to perform this operation.")
