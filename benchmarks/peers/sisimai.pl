#!/usr/bin/perl
# Sisimai in a process of its own: a path a line in, a JSON object a line out. Only the reading is timed.
use strict;
use warnings;
use JSON::PP;
use Sisimai;
use Sisimai::Data;
use Sisimai::Message;
use Time::HiRes qw(clock_gettime CLOCK_PROCESS_CPUTIME_ID);

my $json = JSON::PP->new->canonical;
$| = 1;
print $json->encode({name => 'Sisimai', version => Sisimai->version}), "\n";
while (my $path = <STDIN>) {
    chomp $path;
    open my $file, '<:raw', $path or die "$path: $!";
    my $raw = do { local $/; <$file> };
    close $file;
    my $begun = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
    my $found = eval { # what Sisimai->make does with each mail of a mailbox
        my $message = Sisimai::Message->new(data => $raw);
        $message ? Sisimai::Data->make(data => $message, delivered => 0) : undef;
    } // [];
    my $spent = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $begun;
    my ($kind, @people) = ('other');
    for my $one (@$found) {
        $kind = $one->reason eq 'feedback' ? 'complaint' : $one->reason eq 'vacation' ? 'autoreply'
            : $one->action eq 'delayed' ? 'delay' : 'bounce';
        push @people, $one->recipient->address;
    }
    print $json->encode({cpu => $spent, kind => $kind, recipients => \@people}), "\n";
}
