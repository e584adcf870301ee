#!/usr/bin/perl
# Mail::DeliveryStatus::BounceParser in a process of its own: a path a line in, a JSON object a line out.
use strict;
use warnings;
use JSON::PP;
use Mail::DeliveryStatus::BounceParser;
use Time::HiRes qw(clock_gettime CLOCK_PROCESS_CPUTIME_ID);

my $json = JSON::PP->new->canonical;
$| = 1;
print $json->encode({name => 'MDBP', version => "$Mail::DeliveryStatus::BounceParser::VERSION"}), "\n";
while (my $path = <STDIN>) {
    chomp $path;
    open my $file, '<:raw', $path or die "$path: $!";
    my $raw = do { local $/; <$file> };
    close $file;
    local $SIG{__WARN__} = sub { };
    my $begun = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
    my ($bounce, @people) = (0);
    eval {
        my $parser = Mail::DeliveryStatus::BounceParser->new($raw);
        $bounce = $parser->is_bounce;
        @people = grep { defined && length } map { $_->get('email') } $parser->reports;
    };
    # It calls every mail a bounce that it cannot say otherwise of; one that names nobody is not counted against it.
    my $spent = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $begun;
    chomp @people;
    print $json->encode({cpu => $spent, kind => $bounce && @people ? 'bounce' : 'other', recipients => \@people}), "\n";
}
