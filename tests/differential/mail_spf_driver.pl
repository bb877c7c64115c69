#!/usr/bin/perl
# The driver of Mail::SPF: the same lines in, the same lines out as spf_driver.cc.
use strict;
use warnings;

package ZoneResolver;
use Net::DNS;

sub new { return bless {zone => {}}, shift }
sub errorstring { return shift->{error} // '' }
sub udp_timeout { }
sub tcp_timeout { }

sub add {
  my ($self, $name, $type, $value) = @_;
  push @{$self->{zone}{lc($name) . " $type"}}, $value;
}

sub send {
  my ($self, $name, $type) = @_;
  $name =~ s/\.$//;
  my $packet = Net::DNS::Packet->new($name, $type, 'IN');
  $packet->header->qr(1);
  my $values = $self->{zone}{lc($name) . " $type"};
  if (!$values) { $packet->header->rcode('NXDOMAIN'); return $packet }
  for my $value (@$values) {
    if ($value eq '!servfail') { $packet->header->rcode('SERVFAIL'); return $packet }
    my %fields = $type eq 'TXT' ? (txtdata => [$value =~ /(.{1,255})/gs])
        : $type eq 'MX' ? (preference => (split ' ', $value)[0], exchange => (split ' ', $value)[1])
        : $type eq 'PTR' ? (ptrdname => $value) : (address => $value);
    $packet->push(answer => Net::DNS::RR->new(name => $name, type => $type, ttl => 60, %fields));
  }
  return $packet;
}

package main;
use Mail::SPF;
use Time::HiRes qw(time);

my ($resolver, $server);
sub reset_zone {
  $resolver = ZoneResolver->new;
  $server = Mail::SPF::Server->new(dns_resolver => $resolver, hostname => 'receiver.example');
}

sub check {
  my ($ip, $sender) = @_;
  my $result = eval {
    my $request = Mail::SPF::Request->new(versions => [1], scope => 'mfrom', identity => $sender,
        ip_address => $ip, helo_identity => 'helo.example');
    $server->process($request)->code;
  };
  return $result // 'died';
}

reset_zone();
my @cases;
while (my $line = <STDIN>) {
  chomp $line;
  my @fields = split /\t/, $line;
  if ($fields[0] eq 'reset') { reset_zone(); @cases = () }
  elsif ($fields[0] eq 'zone') { $resolver->add(@fields[1 .. 3]) }
  elsif ($fields[0] eq 'case') {
    print "$fields[1]\t", check(@fields[2, 3]), "\n";
    push @cases, [@fields[2, 3]];
  }
}
if (@ARGV) {
  my ($start, $passes) = (time, 0);
  for (1 .. $ARGV[0]) { for (@cases) { $passes++ if check(@$_) eq 'pass' } }
  printf "rate\t%.0f\t%d\n", $ARGV[0] * @cases / (time - $start), $passes;
}
