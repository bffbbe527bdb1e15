#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# samtools, tabix and bcftools read regions of remote files, in the usual layout of genomics: ref.fa and a bgzip file
# ref.fa.gz.
. "$(dirname "$0")/lib.sh"

need_client samtools samtools
need_client tabix tabix
need_cmd bgzip
cd "$ROOT" || exit 1
perl -e 'srand 5; for my $c (1 .. 3) { print ">chr$c\n"; print join("", map { (qw(A C G T))[rand 4] } 1 .. 60), "\n" for 1 .. 10000 }' >ref.fa
samtools faidx ref.fa
bgzip -c ref.fa >ref.fa.gz
perl -e 'srand 6; print "\@HD\tVN:1.6\tSO:coordinate\n", map { "\@SQ\tSN:chr$_\tLN:600000\n" } 1 .. 3;
	for my $c (1 .. 3) { print join("\t", "r$c.$_", 0, "chr$c", $_ * 100, 60, "50M", "*", 0, 0, join("", map { (qw(A C G T))[rand 4] } 1 .. 50), "I" x 50), "\n" for 1 .. 5000 }' >"$DIR/x.sam"
samtools view -b -o x.bam "$DIR/x.sam" && samtools index x.bam
perl -e 'print "##fileformat=VCFv4.2\n", map({ "##contig=<ID=chr$_,length=600000>\n" } 1 .. 3), "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
	for my $c (1 .. 3) { print join("\t", "chr$c", $_ * 20, "v$c.$_", "A", "C", 50, "PASS", "."), "\n" for 1 .. 20000 }' | bgzip >v.vcf.gz
tabix -p vcf v.vcf.gz
touch -d '2020-02-02 UTC' ref.fa x.bam v.vcf.gz
serve
mkdir "$DIR/work"
cd "$DIR/work" || exit 1
for region in chr1:1-100 chr2:123456-130000 chr3:599900-600000; do
	is "$(samtools faidx "$URL/ref.fa" "$region" | sha256sum)" "$(samtools faidx "$ROOT/ref.fa" "$region" | sha256sum)" \
		"faidx of $region is correct"
	is "$(samtools view "$URL/x.bam" "$region" | sha256sum)" "$(samtools view "$ROOT/x.bam" "$region" | sha256sum)" \
		"view of $region is correct"
	is "$(tabix "$URL/v.vcf.gz" "$region" | sha256sum)" "$(tabix "$ROOT/v.vcf.gz" "$region" | sha256sum)" \
		"tabix of $region is correct"
	if command -v bcftools >/dev/null; then
		is "$(bcftools view -H "$URL/v.vcf.gz" "$region" | sha256sum)" "$(bcftools view -H "$ROOT/v.vcf.gz" "$region" | sha256sum)" \
			"bcftools of $region is correct"
	fi
done
get /ref.fa --compressed
cmp_whole ref.fa "a client that accepts gzip gets the complete ref.fa"
finish
